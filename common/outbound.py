"""The one policy for addresses that Tollgate itself connects to, and the guarded door for small requests.

The policy judges the address of the socket, never a name: what a name resolves to may change between two looks.
"""

import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from django.conf import settings
from django.utils.translation import gettext_noop
from urllib3.exceptions import HTTPError

from common import pinned

CONNECT_TIMEOUT = 3.0  # seconds, to resolve a name and again to connect
DEADLINE = 10.0  # seconds for a whole exchange, however slowly its bytes drip
UNREAD_TIMEOUT = 120  # seconds that a peer may leave what was sent to it unread
BODY_LIMIT = 64 * 1024  # bytes of an answer
PORTS = range(1, 65_536)
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[[0-9a-f:.]{2,45}\]", re.ASCII)
# control characters, blanks, the backslash that parsers disagree on, and halves of characters
UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")

# An own table instead of is_private and is_global: their answers change between patch releases of Python.
# IANA special-purpose registries, RFC 6890.
REFUSED_V4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared address space of carriers and overlay networks
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
GLOBAL_V6 = ip_network("2000::/3")  # nothing else is routed on the internet
REFUSED_V6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is meant
# where clouds keep the credentials of a machine; only a network of this one address allows them
METADATA = frozenset(
    map(ip_address, ("168.63.129.16", "169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
)


class AddressRefused(OSError):
    """The address is private, reserved or otherwise not one that Tollgate connects to."""


class UrlRefused(ValueError):
    """The text is no URL that Tollgate would fetch; the message says what is wrong with it."""


class OutboundFailed(Exception):
    """The exchange did not take place or did not end well; `permanent` where a retry cannot help.

    `kind` is one of late, private, redirect, certificate, connection.
    """

    def __init__(self, message: str, *, kind: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered."""

    status: int
    body: bytes
    complete: bool  # False where the answer was longer than BODY_LIMIT


def vet(address: str) -> None:
    """Raise AddressRefused unless the address is public or in TOLLGATE_OUTBOUND_ALLOW."""
    meant = _unwrap(ip_address(address.partition("%")[0]))
    allowed = [network for network in settings.OUTBOUND_ALLOW if meant in network]
    if any(meant not in METADATA or network.num_addresses == 1 for network in allowed):
        return
    if meant in METADATA or _special(meant):
        raise AddressRefused(
            f"{meant} is not a public address. If it is meant, add its network to TOLLGATE_OUTBOUND_ALLOW, "
            f"for example TOLLGATE_OUTBOUND_ALLOW={meant}/{meant.max_prefixlen}, and start again."
        )


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an IPv4-mapped or NAT64 one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _special(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in REFUSED_V4)
    return address not in GLOBAL_V6 or any(address in network for network in REFUSED_V6)


def check_url(url: str) -> str:
    """Return the URL in one unmistakable form: lower-case scheme and host, no user, no fragment.

    Raises UrlRefused for anything that two parsers could read differently (RFC 3986).
    """
    if UNSAFE.search(url):
        raise UrlRefused(gettext_noop("The URL must not contain blanks, control characters or backslashes."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused(gettext_noop("The URL has a malformed host or port.")) from error
    if parts.scheme not in {"http", "https"}:
        raise UrlRefused(gettext_noop("The URL must start with http:// or https://."))
    if "@" in parts.netloc:
        raise UrlRefused(gettext_noop("The URL must not contain a user or password."))
    if parts.fragment or url.endswith("#"):
        raise UrlRefused(gettext_noop("The URL must not contain a fragment (#)."))
    host, colon, digits = _split_port(parts.netloc.lower())
    if not parts.netloc.isascii() or not HOST.fullmatch(host):
        raise UrlRefused(
            gettext_noop("The host must be a name of ASCII letters, digits, dots and hyphens, or an IP address.")
        )
    if colon and (port not in PORTS or not digits.isdecimal()):
        raise UrlRefused(gettext_noop("The port must be a number from 1 to 65535."))
    return urlunsplit((parts.scheme, host + (f":{port}" if colon else ""), parts.path, parts.query, ""))


def _split_port(netloc: str) -> tuple[str, str, str]:
    if netloc.startswith("["):
        host, bracket, rest = netloc.partition("]")
        return host + bracket, rest[:1], rest[1:]
    return netloc.partition(":")


def check_reach(url: str) -> None:
    """Raise AddressRefused where the host is known to be out of bounds already now.

    For a form's early answer only: a name that does not resolve passes, and every connection is judged again.
    """
    parts = urlsplit(url)
    try:
        addresses = resolve(parts.hostname or "", parts.port or 443)
    except OSError:
        return
    for address in addresses:
        vet(address)


_resolvers = ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolve")


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError if it has none, or none in time."""
    # getaddrinfo knows no timeout of its own; names of which nothing is heard must not keep the others waiting
    looking = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return [str(answer[4][0]) for answer in looking.result(CONNECT_TIMEOUT)]
    finally:
        looking.cancel()


def vetted(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises AddressRefused if any one of them is out of bounds."""
    addresses = resolve(host, port)
    for address in addresses:
        vet(address)
    return addresses


def open_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """Return a socket for an address that passes; the `socket_factory` of aiohttp. Raises AddressRefused."""
    family, kind, protocol, _, address = info
    vet(str(address[0]))
    opened = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: without it, what a peer never reads keeps a closed socket for good
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_TIMEOUT * 1000)
    return opened


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", within: float | None = None
) -> Reply:
    """Return the answer to one request; no redirect, retry, cookie, proxy or .netrc is ever used.

    The whole exchange ends `within` so many seconds, DEADLINE where none are given.

    Raises UrlRefused, or OutboundFailed with a text that names no address and quotes nothing of the answer.
    """
    url, within = check_url(url), DEADLINE if within is None else within
    sent = {"User-Agent": "Tollgate", "Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
    # no session: it would look for passwords and proxies, keep cookies, and read where a redirect leads to
    prepared = requests.Request(method, url, headers=sent, data=body).prepare()
    prepared.url = quote(url, safe=PRINTABLE)  # requests would decode %2E and resolve dots: a title may be ".."
    connect = min(CONNECT_TIMEOUT, within)
    with pinned.Deadline(within) as deadline, closing(pinned.Adapter(vetted, deadline, connect)) as adapter:
        try:
            with adapter.send(prepared, stream=True, timeout=(connect, within)) as response:
                content = response.raw.read(BODY_LIMIT + 1, decode_content=False)
                response.raw.read(1)  # raises where the answer broke off before its length
        except (requests.RequestException, HTTPError, OSError) as error:
            # without the cause: its text holds the path, and paths hold keys
            raise (_late(within) if deadline.over else _failure(error)) from None
    if deadline.over:
        raise _late(within)
    if 300 <= response.status_code < 400:  # noqa: PLR2004
        text = "The address answers with a redirect; redirects are not followed."
        raise OutboundFailed(text, kind="redirect", permanent=True)
    return Reply(response.status_code, content[:BODY_LIMIT], complete=len(content) <= BODY_LIMIT)


def _late(within: float) -> OutboundFailed:
    return OutboundFailed(f"No complete answer within {within:g} seconds.", kind="late")


def _failure(error: Exception) -> OutboundFailed:
    if pinned.caused_by(error, AddressRefused):
        text = "The address is not public, and TOLLGATE_OUTBOUND_ALLOW does not name it."
        return OutboundFailed(text, kind="private", permanent=True)
    if isinstance(error, requests.exceptions.SSLError):
        return OutboundFailed("The certificate could not be verified.", kind="certificate", permanent=True)
    return OutboundFailed("The connection could not be opened, or it broke off.", kind="connection")
