"""What comes back on a connection: fed by it, read by one caller, and never seen by the next."""

import asyncio
import zlib
from typing import Protocol

from common.timers import Timers
from gateway.client.inflate import CODINGS, Inflate

PIECE = 16 * 1024  # bytes; the most that one read takes, so that a slow client holds little memory


class Broken(Exception):
    """The upstream cut the connection, or sent what is no HTTP; the text says which and quotes nothing of it."""


class Untouched(Broken):
    """The connection ended before anything of an answer had come."""


class Line(Protocol):
    """The connection that feeds a response."""

    def pause(self) -> None:
        """Read no more."""

    def resume(self) -> None:
        """Read on."""

    def abort(self) -> None:
        """End at once."""


class Response:
    """An answer on its way; `status` and `headers` (names in lower case) stand once `wait` has returned."""

    __slots__ = ("_buffer", "_error", "_inflate", "_line", "_loop", "_waiter", "complete", "headers", "status")

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        """Await what `line` feeds."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False  # its last byte is here
        self._line, self._loop = line, loop
        self._buffer = bytearray()
        self._error: Broken | None = None
        self._inflate: Inflate | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def at_hand(self) -> bool:
        """Return whether `take` need not wait."""
        return bool(self._buffer) or self.complete or (self._inflate is not None and self._inflate.pending)

    @property
    def ended(self) -> bool:
        """Return whether everything was taken."""
        return self.complete and not self._buffer and not (self._inflate and self._inflate.pending)

    async def wait(self, patience: Timers) -> None:
        """Return once a piece or the end is here. Raises TimeoutError when `patience` is over, Broken."""
        while not self.at_hand:
            if self._error:
                raise self._error
            self._waiter = self._loop.create_future()
            timer = patience.start(self._expire)
            try:
                await self._waiter
            finally:
                patience.stop(timer)
                self._waiter = None

    def decode(self) -> None:
        """Undo the body's compression from here on. Raises Broken for one that no client of ours asks for."""
        coding = self.headers.get("content-encoding", "identity").lower()
        if coding in CODINGS:
            self._inflate = Inflate()
        elif coding != "identity":
            raise Broken("its body has a coding that was not asked for")

    def take(self) -> bytes:
        """Return the next piece of at most PIECE bytes, maybe an empty one. Raises Broken."""
        buffer = self._buffer
        if self._inflate:
            piece = self._inflated(self._inflate)
        elif len(buffer) <= PIECE:
            piece = bytes(buffer)
            buffer.clear()
        else:
            piece = bytes(buffer[:PIECE])
            del buffer[:PIECE]
        if len(buffer) <= PIECE and not self.complete:
            self._line.resume()
        return piece

    def _inflated(self, inflate: Inflate) -> bytes:
        try:
            piece = inflate.take(self._buffer, PIECE)
        except zlib.error as error:
            raise Broken("its body is not compressed as it says") from error
        if self.ended and not inflate.over:
            raise Broken("its compressed body is cut off")
        return piece

    def close(self) -> None:
        """Cut the connection, unless all of the answer has come."""
        if not self.complete:
            self._line.abort()

    # the connection's side

    def feed(self, piece: bytes) -> None:
        """Add to the body."""
        self._buffer += piece
        if len(self._buffer) > 2 * PIECE:
            self._line.pause()

    def end(self) -> None:
        """Take note that the last byte is here."""
        self.complete = True

    def fail(self, error: Broken) -> None:
        """Tell the caller, once it has taken what is here, that no more will come."""
        self._error = error
        self.wake()

    def wake(self) -> None:
        """Let the caller look."""
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _expire(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(TimeoutError())
