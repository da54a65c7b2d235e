"""Requests that two servers may read differently: one is refused, or gets one answer and a closed connection."""

import socket
from collections.abc import Iterator

import pytest

from tests.serving import Server

INNER = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
PROBES = {
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "a length with a sign": HEAD + b"Content-Length: +0\r\n\r\n" + INNER,
    "a chunk of no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + INNER,
    "a chunk longer than told": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n" + INNER,
    "a folded header": HEAD + b"X-Folded: a\r\n Content-Length: 5\r\n\r\n" + INNER,
    "a space before the colon": HEAD + b"Content-Length : 0\r\n\r\n" + INNER,
    "another coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a bare line feed": HEAD.replace(b"\r\nContent-Type", b"\nTransfer-Encoding: chunked\r\nContent-Type")
    + b"Content-Length: 3\r\n\r\nabc"
    + INNER,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def answers(server: Server, sent: bytes) -> tuple[list[bytes], bool]:
    """Return the status lines that come back, and whether the server closed the connection by itself."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=3) as raw:
        raw.sendall(sent)
        came, closed = b"", False
        try:
            while piece := raw.recv(65536):
                came += piece
            closed = True
        except TimeoutError:
            pass
        except ConnectionResetError:
            closed = True
    return [b"HTTP/1.1 " + part.split(b"\r\n")[0] for part in came.split(b"HTTP/1.1 ")[1:]], closed


@pytest.mark.req("N8")
@pytest.mark.parametrize("probe", PROBES)
def test_a_request_that_can_be_read_twice_is_answered_once(server, probe):
    statuses, closed = answers(server, PROBES[probe])
    assert len(statuses) <= 1, statuses
    assert not [status for status in statuses if b" 200 " in status], "the one inside was answered"
    refused = bool(statuses) and statuses[0].startswith(b"HTTP/1.1 400")
    assert refused or closed, statuses


def test_two_honest_requests_get_two_answers(server):
    statuses, closed = answers(server, INNER + INNER)
    assert [status[:12] for status in statuses] == [b"HTTP/1.1 200"] * 2
    assert not closed
