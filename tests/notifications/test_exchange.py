"""How each transport holds up against receivers that dawdle, send on, impersonate or are not there."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from common import outbound
from notifications.transports import TRANSPORTS, bark, gotify, signing, webhook
from notifications.transports.base import Message, TransportFailed
from tests.peers.receiver import Receiver, drip, reply
from tests.relay.certificates import server_context

MAKE: dict[str, Callable[[str], object]] = {
    "webhook": lambda url: webhook.WebhookTarget(f"{url}/", secrets=(signing.mint(),)),
    "bark": lambda url: bark.BarkTarget(f"{url}/key/{{{{title}}}}/{{{{content}}}}"),
    "gotify": lambda url: gotify.GotifyTarget(url, "A-token"),
}
every = pytest.mark.parametrize("kind", MAKE)


def fails(kind: str, url: str, message: Message) -> TransportFailed:
    with pytest.raises(TransportFailed) as failure:
        TRANSPORTS[kind].send(MAKE[kind](url), message)
    assert failure.value.answer
    assert failure.value.answer.request
    return failure.value


@every
@pytest.mark.req("J3")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(receiver, message, kind, status):
    receiver.answer = reply(status, Location=f"{receiver.url}/elsewhere")
    failure = fails(kind, receiver.url, message)
    assert "redirect" in str(failure)
    assert failure.permanent
    assert len(receiver.requests) == 1


@every
@pytest.mark.req("J5")
@pytest.mark.parametrize("headers", [False, True])
def test_a_receiver_that_drips_is_left_after_the_deadline(receiver, message, monkeypatch, kind, headers):
    monkeypatch.setattr(outbound, "DEADLINE", 0.6)
    receiver.answer = drip(5, headers=headers)
    began = time.monotonic()
    failure = fails(kind, receiver.url, message)
    assert 0.5 < time.monotonic() - began < 2
    assert "within 10 seconds" in str(failure)
    assert not failure.permanent


@pytest.mark.req("J5")
def test_a_byte_a_second_ends_after_ten_seconds(receiver, message):
    """The real deadline, and the real drip."""
    receiver.answer = drip(30, pause=1)
    began = time.monotonic()
    fails("webhook", receiver.url, message)
    assert 9.5 < time.monotonic() - began < 11


@pytest.mark.req("J5")
def test_the_limits_are_those_that_are_promised():
    assert (outbound.CONNECT_TIMEOUT, outbound.DEADLINE, outbound.BODY_LIMIT) == (3, 10, 64 * 1024)


@every
@pytest.mark.req("J5")
def test_of_an_endless_answer_64_kib_are_read(receiver, message, kind):
    sent: list[int] = []

    def endless(handler, _received) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            sent.extend(handler.wfile.write(b"x" * 65_536) for _ in range(10_000))

    receiver.answer = endless
    answer = TRANSPORTS[kind].send(MAKE[kind](receiver.url), message)
    assert answer.response == "HTTP 200, more than 65536 bytes"
    assert sum(sent) < 64 * 2**20, "the rest stays in the buffers of the kernel"


@every
@pytest.mark.req("J6")
def test_neither_proxy_nor_netrc_nor_cookies_are_used(receiver, message, monkeypatch, tmp_path, kind):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    receiver.answer = reply(200, Set_Cookie="a=b; Path=/")
    for _ in range(2):
        TRANSPORTS[kind].send(MAKE[kind](receiver.url), message)
        names = {name.lower() for name, _value in receiver.last.headers}
        assert not {"authorization", "cookie", "proxy-authorization", "x-forwarded-for", "referer"} & names
    assert len(receiver.requests) == 2


@every
@pytest.mark.req("J7")
def test_a_certificate_of_nobody_is_refused_before_a_byte_is_said(loopback, message, tmp_path, kind):
    context, _ = server_context(tmp_path, "localhost")
    with Receiver(context) as impostor:
        failure = fails(kind, impostor.url.replace("127.0.0.1", "localhost"), message)
        assert "certificate" in str(failure)
        assert failure.permanent
        assert impostor.requests == []


@pytest.mark.req("J7")
@pytest.mark.parametrize(("host", "received"), [("localhost", 1), ("127.0.0.1", 0)])
def test_a_certificate_counts_for_its_name_only(settings, message, tmp_path, monkeypatch, host, received):
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    context, authority = server_context(tmp_path, "localhost")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(authority))
    with Receiver(context) as trusted:
        url = trusted.url.replace("127.0.0.1", host)
        if received:
            assert TRANSPORTS["gotify"].send(MAKE["gotify"](url), message).status == 200
        else:
            assert "certificate" in str(fails("gotify", url, message))
        assert len(trusted.requests) == received


@every
@pytest.mark.req("I11")
def test_no_text_of_a_message_becomes_a_header_or_a_second_request(receiver, message, kind):
    evil = "x\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n"
    names = []
    for hostile in (message, replace(message, type=evil, title=evil, content=evil, language="en", data={evil: evil})):
        TRANSPORTS[kind].send(MAKE[kind](receiver.url), hostile)
        names.append([name for name, _value in receiver.last.headers])
    assert names[0] == names[1]
    assert len(receiver.requests) == 2


@every
def test_a_receiver_that_is_not_there_is_tried_again(receiver, message, kind):
    with Receiver() as gone:
        url = gone.url
    failure = fails(kind, url, message)
    assert not failure.permanent
    assert "could not be opened" in str(failure)


@every
def test_a_private_address_is_refused_and_says_what_an_administrator_can_do(settings, message, kind):
    settings.OUTBOUND_ALLOW = []
    with Receiver() as inside:
        failure = fails(kind, inside.url, message)
        assert "TOLLGATE_OUTBOUND_ALLOW" in str(failure)
        assert failure.permanent
        assert inside.requests == []


@every
def test_an_answer_that_is_no_http_is_a_failure(receiver, message, kind):
    receiver.answer = lambda handler, _received: handler.wfile.write(b"\x00\xff garbage\r\n\r\n")
    assert not fails(kind, receiver.url, message).permanent
