"""Every door to the outside keeps to one policy: no spelling, no name and no change of mind of a name leads inside."""

import ast
import itertools
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from accounts.providers import Provider
from gateway import errors
from gateway.health import health
from gateway.routing import Candidate
from notifications.transports import bark, gotify, signing, webhook
from notifications.transports.base import Message, TransportFailed
from security import oidc
from security.exchange import ProviderDown
from security.flows import Secrets
from tests.peers.trap import LITERALS, Trap
from tests.relay.conftest import ask, order, run
from tests.test_architecture import name, product

ALLOWED = "127.0.0.2"  # nobody listens there
FLIPS = 200


def notify(send: Callable[..., object], target: object, message: Message) -> None:
    with pytest.raises(TransportFailed):
        send(target, message)


def by_webhook(origin: str, message: Message) -> None:
    notify(webhook.send, webhook.WebhookTarget(f"{origin}/hook", secrets=(signing.mint(),)), message)


def by_bark(origin: str, message: Message) -> None:
    notify(bark.send, bark.BarkTarget(f"{origin}/key/{{{{title}}}}/{{{{content}}}}"), message)


def by_gotify(origin: str, message: Message) -> None:
    notify(gotify.send, gotify.GotifyTarget(origin, "A-token"), message)


def by_discovery(origin: str, _message: Message) -> None:
    with pytest.raises(ProviderDown):
        oidc.leave(Provider("acme", "Acme", origin, "client", "secret"), Secrets("state"))


def by_upstream(origin: str, _message: Message) -> None:
    health.clear()
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), Candidate(1, "trap", "openai", f"{origin}/v1", "m", "m")))
    health.clear()


DOORS = [by_webhook, by_bark, by_gotify, by_discovery, by_upstream]
every_door = pytest.mark.parametrize("door", DOORS)


@pytest.fixture
def trap(settings) -> Iterator[Trap]:
    settings.OUTBOUND_ALLOW = []
    with Trap() as listening:
        yield listening


@pytest.fixture
def connects(monkeypatch) -> list[str]:
    """The address of every connection that any socket of this process begins."""
    seen: list[str] = []
    for verb in ("connect", "connect_ex"):
        real = getattr(socket.socket, verb)

        def connect(self, address, real=real):
            seen.append(str(address[0]))
            return real(self, address)

        monkeypatch.setattr(socket.socket, verb, connect)
    return seen


@pytest.fixture
def answers(monkeypatch) -> dict[str, Iterator[list[str]]]:
    """A name server of the test, without a time to live: each look at a name takes its next answer."""
    held: dict[str, Iterator[list[str]]] = {}
    real = socket.getaddrinfo

    def lookup(host, port, *args, **kwargs):
        if host not in held:
            return real(host, port, *args, **kwargs)
        return [found for address in next(held[host]) for found in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return held


def message() -> Message:
    return Message.load(
        '{"delivery": 1, "type": "test", "timestamp": "2026-11-25T12:00:00+00:00", "language": "en", '
        '"title": "T", "content": "C", "data": {}}'
    )


def addresses() -> list[str]:
    """What the spellings mean, one by one."""
    found = {
        str(info[4][0])
        for host in LITERALS
        for info in socket.getaddrinfo(host.strip("[]"), 1, type=socket.SOCK_STREAM)
    }
    return sorted(found)


@every_door
def test_the_trap_notices_who_comes(door, trap, settings, connects):
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.1/32")]
    door(f"http://127.0.0.1:{trap.port}", message())
    assert trap.visits
    assert set(connects) == {"127.0.0.1"}


@every_door
@pytest.mark.req("J1", "J8")
def test_no_spelling_of_an_address_leads_inside(door, trap, connects):
    assert len(set(LITERALS)) >= 60
    for host in LITERALS:
        door(f"http://{host}:{trap.port}", message())
    assert (trap.visits, connects) == (0, [])


@every_door
@pytest.mark.req("J1", "J8")
def test_no_name_leads_inside(door, trap, settings, connects, answers):
    """Every address again, as what a harmless name resolves to: alone, and after one that is allowed."""
    settings.OUTBOUND_ALLOW = [ip_network(f"{ALLOWED}/32")]
    for number, address in enumerate(addresses()):
        answers[f"a{number}.example"] = itertools.repeat([address])
        answers[f"b{number}.example"] = itertools.repeat([ALLOWED, address])
        for host in (f"a{number}.example", f"b{number}.example"):
            door(f"http://{host}:{trap.port}", message())
    assert trap.visits == 0
    # the gate goes to the allowed one of a mixed name, the others refuse such a name
    assert set(connects) == ({ALLOWED} if door is by_upstream else set())


@every_door
@pytest.mark.req("J2", "J8")
@pytest.mark.parametrize("inside", ["127.0.0.1", "::1"])
def test_a_name_that_changes_its_mind_never_leads_inside(door, trap, settings, connects, answers, inside):
    settings.OUTBOUND_ALLOW = [ip_network(f"{ALLOWED}/32")]
    looks = itertools.count()

    def flip() -> Iterator[list[str]]:
        for look in looks:
            yield [inside] if look % 2 else [ALLOWED]

    answers["flip.example"] = flip()
    for _ in range(FLIPS):
        door(f"http://flip.example:{trap.port}", message())
    assert next(looks) >= FLIPS, "every try looked anew"
    assert trap.visits == 0
    assert set(connects) == {ALLOWED}


OUTSIDE = {"socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "aiohttp", "httpx", "smtplib"}
OUTSIDE |= {"ftplib", "poplib", "imaplib", "telnetlib", "xmlrpc.client", "aiohappyeyeballs", "httptools"}
MAY = {
    "common/outbound.py": "the policy, and the door for small requests",
    "common/pinned.py": "its connections",
    "gateway/client/pool.py": "upstreams, through the socket of the policy",
    "gateway/client/connection.py": "parses what they say; opens nothing",
    "notifications/transports/email.py": "the operator's own mail server",
    "console/quickstart.py": "asks whether a port is free",
}


@pytest.mark.req("J1")
def test_there_is_no_other_door():
    found = {
        name(path)
        for path in product()
        for node in ast.walk(ast.parse(path.read_text()))
        for module in _modules(node)
        if module in OUTSIDE or module.split(".")[0] in OUTSIDE
    }
    assert found == set(MAY)


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
