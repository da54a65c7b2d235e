"""The door and answers that nobody sends by accident: each is a reply or a failure, in time, and nothing else."""

import contextlib
import itertools
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from common import outbound
from tests.peers.receiver import Receiver

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8")]
    with Receiver() as running:
        yield running


def says(receiver: Receiver, *begin: bytes, again: bytes = b"") -> None:
    """Answer these bytes, and then one text over and over."""

    def answer(handler, _received) -> None:
        handler.close_connection = True
        with contextlib.suppress(OSError):
            for piece in itertools.chain(begin, itertools.repeat(again) if again else ()):
                handler.wfile.write(piece)

    receiver.answer = answer


@pytest.mark.req("J5")
@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK, b"X-A: b\r\n"),
        (OK + b"X-A: ", b"b" * 65_536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 60_000 + b"\r\nx\r\n"),
    ],
    ids=["announcements", "headers", "a header", "frames of chunks"],
)
def test_a_flood_of_what_is_no_body_ends(receiver, monkeypatch, begin, again):
    monkeypatch.setattr(outbound, "DEADLINE", 0.7)
    says(receiver, begin, again=again)
    began = time.monotonic()
    with pytest.raises(outbound.OutboundFailed):
        outbound.request("GET", f"{receiver.url}/")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "connection"),
        (b"\x00", "connection"),
        (b"HTTP/9.9 200 OK\r\n\r\n", "connection"),
        (b"HTTP/1.1 000 Odd\r\n\r\n", "connection"),
        (b"HTTP/1.1 -01 Odd\r\n\r\n", "connection"),
        (OK + b"Content-Length: 50\r\n\r\nabc", "connection"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "connection"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "redirect"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", "redirect"),
        (b"HTTP/1.1 301 Moved\r\nLocation: \xff\x00\r\n\r\n", "redirect"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "redirect"),
    ],
)
def test_nonsense_is_a_failure_by_name(receiver, answer, kind):
    says(receiver, answer)
    with pytest.raises(outbound.OutboundFailed) as failure:
        outbound.request("GET", f"{receiver.url}/")
    assert failure.value.kind == kind


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Content-Length: -5\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Set-Cookie: \x01=;;;Domain=\xff; expires=zzz\r\n",
        b"X-\xff: \xff\r\n",
        b"no header at all\r\n",
    ],
)
def test_odd_headers_change_nothing(receiver, headers):
    says(receiver, OK + headers + b"\r\nabc")
    reply = outbound.request("GET", f"{receiver.url}/")
    assert (reply.status, reply.complete) == (200, True)
    assert reply.body.endswith(b"abc")


@pytest.mark.req("J6")
def test_a_compressed_answer_is_not_unpacked(receiver):
    says(receiver, OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")
    assert outbound.request("GET", f"{receiver.url}/").body == b"\x1f\x8b\x08\x00"
    assert receiver.last.header("Accept-Encoding") == "identity"
