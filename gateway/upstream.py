"""The gate's side of an upstream: one exchange with one channel and key, under its timeouts."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from common import timers
from common.timers import Timers
from gateway import headers
from gateway.client import pool
from gateway.client.pool import Origin
from gateway.client.response import Broken, Response, Untouched
from gateway.errors import UpstreamTimeout
from gateway.exchange import Answer, Cut, Order
from gateway.routing import Candidate, Credential, Timeouts

ANSWER_LIMIT = 64 * 2**20  # bytes of an answer that is not streamed
KEY_PROBLEMS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})
# what the client did wrong: it gets to read the upstream's own words
CLIENT_PROBLEMS = frozenset({400, 404, 413, 422})
EVENT_STARTS = frozenset(b":deir")  # comment, data, event, id, retry: the fields of server-sent events
ERROR_EVENT = re.compile(rb'data: ?\{"error"')


@dataclass(slots=True)
class Failed(Exception):
    """One channel or key did not answer, and nothing of an answer has left: another may be asked.

    `status` is the upstream's, None where it gave none; `retry_after` are seconds it asked to be left alone.
    """

    reason: str
    status: int | None = None
    retry_after: float | None = None


class Pipe:
    """The body of a response, piece by piece; the socket is not read while nobody takes the pieces."""

    __slots__ = ("_end", "_first", "_gap", "_loop", "_response")

    def __init__(self, response: Response, timeouts: Timeouts, end: float) -> None:
        self._response, self._gap, self._end = response, timeouts.gap, end
        self._loop = asyncio.get_running_loop()
        self._first = b""

    async def peek(self, patience: Timers) -> bytes:
        """Return the first piece and keep it for the first `read`. Raises TimeoutError, Broken."""
        response = self._response
        try:
            while not self._first and not response.ended:
                await response.wait(patience)
                self._first = response.take()
        except BaseException:
            self.close()
            raise
        return self._first

    async def read(self) -> bytes:
        """Return the next piece, empty at the end. Raises Cut, UpstreamTimeout."""
        if self._first:
            piece, self._first = self._first, b""
            return piece
        response, left = self._response, self._end - self._loop.time()
        if left <= 0:
            raise self._timeout()
        try:
            while not response.ended:
                if not response.at_hand:  # most pieces are here already: no timer for them
                    await response.wait(timers.of(self._gap) if self._gap <= left else Timers(self._loop, left))
                if piece := response.take():
                    return piece
        except TimeoutError as error:
            raise self._timeout() from error
        except Broken as error:
            self.close()
            raise Cut("The upstream broke off.") from error
        return b""

    def _timeout(self) -> UpstreamTimeout:
        self.close()
        return UpstreamTimeout("The upstream stopped in the middle of its answer.")

    def close(self) -> None:
        """Cut the connection, unless the whole answer has come."""
        self._response.close()


class Target(NamedTuple):
    """Where a request goes: its origin, and the lines of its head that are the same for every call."""

    origin: Origin
    lines: bytes


close = pool.close


@lru_cache(maxsize=1024)
def _target(base_url: str, path: str) -> Target:
    url = urlsplit(f"{base_url}/{path.removeprefix('/')}")
    secure = url.scheme == "https"
    origin = Origin(secure, url.hostname or "", url.port or (443 if secure else 80))
    return Target(origin, f"POST {url.path} HTTP/1.1\r\nhost: {url.netloc}\r\n".encode("ascii"))


def _head(target: Target, sent: dict[str, str], size: int) -> bytes:
    """Return the head of a request. Raises Failed for a header that would not end where its line ends."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in sent.items()])
    if lines.count("\n") != len(sent) or lines.count("\r") != len(sent) or "\0" in lines:
        raise Failed("a header with a control character")
    return b"%b%bcontent-length: %d\r\n\r\n" % (target.lines, lines.encode("latin1"), size)


async def ask(order: Order, candidate: Candidate, credential: Credential, body: bytes) -> Answer:
    """Return the answer of one channel, complete or, for a stream, from its first byte on.

    Raises Failed where another channel may be asked, UpstreamTimeout where it is too late for that.
    """
    timeouts, now = candidate.timeouts, asyncio.get_running_loop().time()
    target = _target(candidate.base_url, order.path)
    request = _head(target, headers.sent(order, candidate, credential), len(body)) + body
    patience = timers.of(min(timeouts.first_byte, timeouts.total))
    try:
        response = await _send(target.origin, request, timeouts.connect, patience)
        pipe = Pipe(response, timeouts, now + timeouts.total)
        first = await pipe.peek(patience)
    except TimeoutError as error:
        raise UpstreamTimeout("The upstream did not begin to answer in time.") from error
    except (Broken, OSError) as error:
        raise Failed(f"{type(error).__name__}: {error}") from error
    try:
        return await _judge(order, candidate, response, pipe, first)
    except BaseException:
        pipe.close()
        raise


async def _send(origin: Origin, request: bytes, connect_s: float, patience: Timers) -> Response:
    """Return a response that has begun. Raises Failed, Broken, OSError, TimeoutError."""
    connections = pool.current()
    if kept := connections.take(origin):
        try:
            return await _begun(kept.send(request), patience)
        except Untouched:
            pass  # it was closed just as it was taken up again (RFC 9112 9.3.1): ask anew, as after any such failure
    try:
        opened = await connections.open(origin, connect_s)
    except TimeoutError as error:
        raise Failed("no connection in time") from error
    return await _begun(opened.send(request), patience)


async def _begun(response: Response, patience: Timers) -> Response:
    try:
        await response.wait(patience)
        response.decode()
    except BaseException:
        response.close()
        raise
    return response


async def _judge(order: Order, candidate: Candidate, response: Response, pipe: Pipe, first: bytes) -> Answer:
    """Return the answer if it is one that a client may see. Raises Failed."""
    status = response.status
    if status in CLIENT_PROBLEMS:
        return Answer(status, headers.answered(response.headers), candidate, body=await _whole(pipe))
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise Failed(f"status {status}", status, _retry_after(response.headers.get("retry-after", "")))
    if not order.stream:
        content = await _whole(pipe)
        return Answer(status, headers.answered(response.headers), candidate, body=content, document=_document(content))
    start = first.lstrip(b"\xef\xbb\xbf \r\n")
    if not start or start[0] not in EVENT_STARTS or ERROR_EVENT.match(start):
        raise Failed("no event stream", status)
    return Answer(status, headers.answered(response.headers), candidate, source=pipe)


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Failed("no JSON") from error
    if not isinstance(document, dict):
        raise Failed("no JSON object")
    return document


async def _whole(pipe: Pipe) -> bytes:
    """Return the body up to its end. Raises Failed: nothing of it has left yet."""
    pieces, size = [], 0
    try:
        while piece := await pipe.read():
            pieces.append(piece)
            size += len(piece)
            if size > ANSWER_LIMIT:
                raise Failed("an answer beyond every measure")
    except Cut as error:
        raise Failed("cut off") from error
    return b"".join(pieces)


def _retry_after(value: str) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110 10.2.3), None if it makes no sense."""
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
