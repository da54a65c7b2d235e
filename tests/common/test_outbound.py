"""The address policy, the one parser, and the door for small requests."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from common import outbound
from tests.peers.trap import LITERALS, Trap
from tests.peers.upstream import Upstream

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
PUBLIC = "93.184.215.14"


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as listening:
        yield listening


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def names(monkeypatch) -> dict[str, list[str]]:
    """A name server of the test: names that it holds are looked up in it, all others as ever."""
    held: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def lookup(host, port, *args, **kwargs):
        if host not in held:
            return real(host, port, *args, **kwargs)
        return [answer for address in held[host] for answer in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return held


@pytest.mark.req("J1")
@pytest.mark.parametrize("host", LITERALS)
def test_no_spelling_of_a_private_address_is_connected_to(host, trap):
    with pytest.raises(outbound.OutboundFailed) as refusal:
        outbound.request("GET", f"http://{host}:{trap.port}/")
    assert refusal.value.permanent
    assert "TOLLGATE_OUTBOUND_ALLOW" in str(refusal.value)
    assert trap.visits == 0


@pytest.mark.req("J1")
def test_the_trap_would_have_noticed(trap, settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    with pytest.raises(outbound.OutboundFailed):
        outbound.request("GET", f"http://127.0.0.1:{trap.port}/")
    assert trap.visits == 1


@pytest.mark.req("J1")
@pytest.mark.parametrize("host", LITERALS)
def test_no_socket_is_made_for_a_private_address(host):
    """The door of the gate: aiohttp asks for a socket for each address it found, literal or not."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), 443, type=socket.SOCK_STREAM)
    except OSError:
        pytest.skip("this machine cannot even resolve it")
    for info in found:
        with pytest.raises(outbound.AddressRefused):
            outbound.open_socket(info)


@pytest.mark.req("J2")
def test_a_name_with_one_private_address_is_refused_as_a_whole(names, trap):
    names["mixed.example"] = [PUBLIC, "127.0.0.1"]
    with pytest.raises(outbound.OutboundFailed):
        outbound.request("GET", f"http://mixed.example:{trap.port}/")
    assert trap.visits == 0


@pytest.mark.req("J2")
def test_a_name_that_changes_between_two_looks_never_leads_inside(names, trap, monkeypatch):
    """200 flips: the first look finds a public address, every later one loopback."""
    connected = []
    real = socket.create_connection

    def connect(address, *args, **kwargs):
        connected.append(address[0])
        if address[0] == PUBLIC:
            raise ConnectionRefusedError
        return real(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect)
    flips = itertools.cycle([[PUBLIC], ["127.0.0.1"]])
    patched = socket.getaddrinfo

    def flip(host, port, *args, **kwargs):
        if host == "flip.example":
            names["flip.example"] = next(flips)
        return patched(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", flip)
    for _ in range(200):
        with pytest.raises(outbound.OutboundFailed):
            outbound.request("GET", f"http://flip.example:{trap.port}/")
    assert trap.visits == 0
    assert set(connected) == {PUBLIC}
    assert len(connected) == 100


@pytest.mark.req("J3")
def test_a_redirect_is_a_failure(upstream, settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    upstream.behavior = "redirect"
    with pytest.raises(outbound.OutboundFailed, match="redirect") as refusal:
        outbound.request("POST", f"{upstream.url}/chat/completions", body=b"{}")
    assert refusal.value.permanent
    assert len(upstream.requests) == 1


@pytest.mark.req("J5")
@pytest.mark.parametrize("model", ["drip:0.2", "slow:5"])
def test_an_exchange_ends_in_time_however_slowly_it_drips(upstream, settings, monkeypatch, model):
    settings.OUTBOUND_ALLOW = LOOPBACK
    monkeypatch.setattr(outbound, "DEADLINE", 0.7)
    upstream.behavior = model
    body = b'{"stream": true, "messages": [{"role": "user", "content": "%s"}]}' % (b"w " * 200)
    began = time.monotonic()
    with pytest.raises(outbound.OutboundFailed, match="within"):
        outbound.request("POST", f"{upstream.url}/chat/completions", body=body)
    assert time.monotonic() - began < 3


@pytest.mark.req("J5")
def test_headers_that_drip_end_in_time_too(settings, monkeypatch):
    settings.OUTBOUND_ALLOW = LOOPBACK
    monkeypatch.setattr(outbound, "DEADLINE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            visitor, _ = server.accept()
            with visitor:
                for byte in itertools.cycle(b"HTTP/1.1 200 OK and on and on "):
                    try:
                        visitor.send(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(outbound.OutboundFailed):
            outbound.request("GET", f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - began < 3
        thread.join()


@pytest.mark.req("J5")
def test_a_name_with_many_dead_addresses_costs_no_more_than_the_deadline(names, settings, monkeypatch):
    settings.OUTBOUND_ALLOW = LOOPBACK
    names["many.example"] = [f"127.0.0.{number}" for number in range(2, 40)]
    monkeypatch.setattr(outbound, "CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr(outbound, "DEADLINE", 0.7)
    tried = []

    def nobody(address, timeout):
        tried.append(address[0])
        time.sleep(timeout)  # what a host that drops packets costs
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", nobody)
    began = time.monotonic()
    with pytest.raises(outbound.OutboundFailed, match="within"):
        outbound.request("GET", "http://many.example/")
    assert time.monotonic() - began < 1
    assert tried == ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


@pytest.mark.req("J5")
def test_names_of_which_nothing_is_heard_keep_no_other_waiting(monkeypatch):
    released = threading.Event()
    real = socket.getaddrinfo
    monkeypatch.setattr(outbound, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **kwargs: released.wait(5) if host == "deaf.example" else real(host, *args, **kwargs),
    )
    try:
        for _ in range(12):
            with pytest.raises(TimeoutError):
                outbound.resolve("deaf.example", 80)
        assert outbound.resolve(PUBLIC, 80) == [PUBLIC]
    finally:
        released.set()


@pytest.mark.req("J5")
def test_no_more_than_64_kib_are_read(upstream, settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    upstream.behavior = "endless"
    reply = outbound.request("POST", f"{upstream.url}/chat/completions", body=b"{}")
    assert (len(reply.body), reply.complete) == (64 * 1024, False)


@pytest.mark.req("J5")
def test_a_name_that_does_not_resolve_in_time_is_a_failure(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(outbound, "CONNECT_TIMEOUT", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: released.wait(5))
    try:
        with pytest.raises(outbound.OutboundFailed) as refusal:
            outbound.request("GET", "http://slow.example/")
        assert not refusal.value.permanent
    finally:
        released.set()


@pytest.mark.req("J6")
def test_nothing_of_the_environment_is_used(upstream, settings, monkeypatch, tmp_path):
    settings.OUTBOUND_ALLOW = LOOPBACK
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for _ in range(2):
        reply = outbound.request(
            "POST", f"{upstream.url}/chat/completions", headers={"X-A": "1"}, body=b'{"model": "ok"}'
        )
        assert (reply.status, reply.complete) == (200, True)
    assert not {"authorization", "cookie", "proxy-authorization"} & set(upstream.last.headers)
    assert upstream.last.headers["x-a"] == "1"
    assert upstream.last.headers["user-agent"] == "Tollgate"
    assert upstream.last.body == b'{"model": "ok"}'


@pytest.mark.req("J7")
def test_a_certificate_nobody_vouches_for_is_refused(settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    with Upstream(tls=True) as impostor:
        with pytest.raises(outbound.OutboundFailed, match="certificate") as refusal:
            outbound.request("GET", f"{impostor.url}/models")
        assert refusal.value.permanent
        assert not impostor.requests


def test_errors_of_the_other_side_come_back_as_they_are(upstream, settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    upstream.behavior = "status:503"
    assert outbound.request("POST", f"{upstream.url}/x", body=b"{}").status == 503


def test_a_failure_names_no_address(settings):
    settings.OUTBOUND_ALLOW = LOOPBACK
    with pytest.raises(outbound.OutboundFailed) as refusal:
        outbound.request("GET", "http://127.0.0.1:9/")
    assert "127.0.0.1" not in str(refusal.value)
    assert not refusal.value.permanent


def test_an_early_look_tells_of_a_private_host_but_not_of_an_unknown_one(names):
    names["inside.example"] = ["10.0.0.1"]
    for url in ("http://inside.example/", "http://127.1/", "http://[::1]:8000/v1", "http://localhost/"):
        with pytest.raises(outbound.AddressRefused):
            outbound.check_reach(url)
    outbound.check_reach("http://does-not-exist.invalid/")
    outbound.check_reach(f"http://{PUBLIC}/")
