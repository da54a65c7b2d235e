"""One connection: a request goes out, its response comes in, and only then the next request (RFC 9112 9.3)."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from gateway.client.response import Broken, Response, Untouched

HEAD_LIMIT = 64 * 1024  # bytes that are no body, in a row: headers, trailers, the frame of chunks
KEPT = frozenset(
    {
        b"content-type",
        b"content-language",
        b"content-disposition",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
        b"retry-after",
    }
)


class Connection(asyncio.Protocol):
    """A connection that carries one exchange at a time; `on_idle` gets it back when it can carry the next."""

    __slots__ = (
        "__weakref__",
        "_dirty",
        "_loop",
        "_on_idle",
        "_overhead",
        "_parser",
        "_paused",
        "_response",
        "_transport",
        "idle_at",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, on_idle: Callable[["Connection"], None]) -> None:
        """Make the protocol; the loop connects it."""
        self._loop, self._on_idle = loop, on_idle
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._response: Response | None = None
        self._overhead = 0
        self._dirty = self._paused = False
        self.idle_at = 0.0  # seconds of the loop

    @property
    def usable(self) -> bool:
        """Return whether a request can be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes) -> Response:
        """Send a whole request; the response can be awaited. Raises Untouched where the connection is gone."""
        if self._response is not None:
            raise RuntimeError("the connection is not free")
        if self._transport is None:
            raise Untouched("it hung up")
        self._overhead = 0
        self._response = response = Response(self, self._loop)
        self._transport.write(request)
        return response

    def pause(self) -> None:
        """Read no more: the peer, too, then waits."""
        if self._transport and not self._paused and self.usable:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport and self._paused:
            self._paused = False
            if self.usable:
                self._transport.resume_reading()

    def abort(self) -> None:
        """End at once, whatever is on its way."""
        if self._transport:
            self._transport.abort()

    # the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # of uvloop, whose class is not a subclass of it

    def data_received(self, data: bytes) -> None:
        """Feed the response; whatever comes unasked ends the connection."""
        response = self._response
        if response is None:
            self.abort()
            return
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:  # an upgrade, too, which was not asked for
            self._dirty = True
        if response.complete:
            self._done(response)
        elif self._dirty or self._overhead > HEAD_LIMIT:
            self._fail(Broken("it sent what is no HTTP"))
        elif response.at_hand:
            response.wake()

    def eof_received(self) -> None:
        """Let the transport close."""

    def connection_lost(self, error: Exception | None) -> None:
        """End the response: well, if the end of the connection is what ends it (RFC 9112 6.3), else as cut."""
        response, self._transport = self._response, None
        if response is None:
            return
        if (
            error is None
            and response.status
            and response.headers.keys().isdisjoint(("content-length", "transfer-encoding"))
        ):
            self._response = None
            response.end()
            response.wake()
        else:
            self._fail(Broken("it broke off") if self._overhead or response.status else Untouched("it hung up"))

    # the parser's side

    def on_message_begin(self) -> None:
        """Take note of an answer that nobody asked for."""
        self._dirty = self._response is None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep what matters of the headers; the first of a name counts, and trailers do not."""
        if self._response and not self._response.status and (name := name.lower()) in KEPT:
            self._response.headers.setdefault(name.decode("ascii"), value.decode("latin1"))

    def on_headers_complete(self) -> None:
        """Take the status of a final answer."""
        status = self._parser.get_status_code()
        if self._response and status >= 200:  # noqa: PLR2004 - those below only announce the answer
            self._response.status = status

    def on_body(self, piece: bytes) -> None:
        """Pass a piece on."""
        if self._response:
            self._overhead = 0
            self._response.feed(piece)

    def on_message_complete(self) -> None:
        """Take note of the end, unless it is that of an announcement."""
        if self._response and self._response.status:
            self._dirty = self._dirty or not self._parser.should_keep_alive()
            self._response.end()
            self._response = None  # what follows is not its own
        elif self._response:
            self._response.headers.clear()

    def _done(self, response: Response) -> None:
        self.resume()
        if self._dirty:
            self.abort()
        else:
            self._on_idle(self)
        response.wake()

    def _fail(self, error: Broken) -> None:
        response, self._response = self._response, None
        self.abort()
        if response:
            response.fail(error)
