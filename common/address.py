"""The client's address behind proxies that are trusted: the rightmost hop that is none of them."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Scope = Mapping[str, Any]


def read(text: str) -> Address | None:
    """Return the address, None for anything that is none; an IPv4 address mapped into IPv6 is the IPv4 one."""
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def within(address: Address, networks: Iterable[Network]) -> bool:
    """Return whether any of the networks holds the address."""
    return any(address in network for network in networks)


def of(scope: Scope) -> str | None:
    """Return the address of the client of an ASGI scope, None where there is none (a Unix socket) or it is junk."""
    peer = read(scope["client"][0]) if scope.get("client") else None
    if peer is None or not settings.TRUSTED_PROXIES or not within(peer, settings.TRUSTED_PROXIES):
        return str(peer) if peer else None
    for hop in reversed(_hops(scope)):
        nearer, peer = peer, read(hop)
        if peer is None:  # whatever stands left of junk was written by a stranger
            return str(nearer)
        if not within(peer, settings.TRUSTED_PROXIES):
            break
    return str(peer)


def seen_through(scope: dict[str, Any]) -> dict[str, Any]:
    """Return the scope as the outermost trusted proxy saw it: its client, and whether it spoke https."""
    if not settings.TRUSTED_PROXIES or not scope.get("client"):
        return scope
    peer = read(scope["client"][0])
    if peer is None or not within(peer, settings.TRUSTED_PROXIES):
        return scope
    proto = _values(scope, b"x-forwarded-proto")
    scheme = proto[-1] if proto and proto[-1] in {"http", "https"} else scope.get("scheme", "http")
    return {**scope, "client": (of(scope), 0), "scheme": scheme}


def _hops(scope: Scope) -> list[str]:
    return _values(scope, b"x-forwarded-for")


def _values(scope: Scope, header: bytes) -> list[str]:
    lines = [value.decode("latin1") for name, value in scope["headers"] if name.lower() == header]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]
