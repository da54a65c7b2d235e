"""The address policy at the gate's own door: the relay never connects where it must not, whatever a name says."""

import itertools
import socket
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from gateway import errors
from gateway.health import health
from gateway.routing import Candidate
from tests.peers.trap import LITERALS, Trap
from tests.relay.conftest import ask, order, run

ALLOWED = "127.0.0.2"  # nobody listens there


@pytest.fixture
def trap(settings) -> Iterator[Trap]:
    settings.OUTBOUND_ALLOW = [ip_network(f"{ALLOWED}/32")]
    with Trap() as listening:
        yield listening


def channel(host: str, trap: Trap) -> Candidate:
    return Candidate(1, "trap", "openai", f"http://{host}:{trap.port}/v1", "m", "m")


@pytest.mark.req("J1", "J8")
def test_no_spelling_of_a_private_address_is_connected_to(trap):
    async def every() -> None:
        for host in LITERALS:
            with pytest.raises(errors.UpstreamFailed):
                await ask(order(), channel(host, trap))

    run(every())
    assert trap.visits == 0


@pytest.mark.req("J2", "J8")
@pytest.mark.parametrize("mixed", [False, True])
def test_a_name_that_changes_never_leads_inside(trap, monkeypatch, mixed):
    """200 looks at a name: sometimes an address that is allowed, sometimes loopback, sometimes both."""
    real = socket.getaddrinfo
    looks = itertools.cycle([[ALLOWED, "127.0.0.1"]] if mixed else [[ALLOWED], ["127.0.0.1"]])
    seen = []

    def lookup(host, port, *args, **kwargs):
        if host != "flip.example":
            return real(host, port, *args, **kwargs)
        seen.append(next(looks))
        return [answer for address in seen[-1] for answer in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    for _ in range(200):  # a session each: it would remember the name for ten seconds
        health.clear()
        with pytest.raises(errors.UpstreamFailed):
            run(ask(order(), channel("flip.example", trap)))
    assert len(seen) == 200
    assert trap.visits == 0
