"""One upstream exchange: what is asked, and what comes back."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.client.response import PIECE
from gateway.routing import Candidate

__all__ = ["PIECE", "Answer", "Cut", "Order", "Source"]


class Cut(Exception):
    """The upstream broke off after its first byte."""


@dataclass(slots=True)
class Order:
    """What a call wants from whichever candidate answers it.

    `path` stands below the base URL ("chat/completions"), `headers` are the client's with names in lower case: the
    relay passes on only what an upstream may see. `hint` keeps a session on one channel and key, "" where there is
    none. `body` returns the bytes for a candidate, with its bound field or, on False, without.
    """

    path: str
    headers: Mapping[str, str]
    stream: bool
    hint: str
    body: Callable[[Candidate, bool], bytes]


class Source(Protocol):
    """Where the bytes of an answer come from."""

    async def read(self) -> bytes:
        """Return the next piece, at most PIECE bytes, empty at the end. Raises Cut, UpstreamTimeout."""

    def close(self) -> None:
        """End the exchange; before its end that cancels the upstream's work."""


@dataclass(slots=True)
class Answer:
    """What an upstream answered: `body` where it is complete, else `source`.

    `bounded` is False where the upstream refused the bound field and was asked without it. `headers` have lower-case
    names. `document` is the body as parsed, None in a stream or an error.
    """

    status: int
    headers: dict[str, str]
    candidate: Candidate
    bounded: bool = True
    body: bytes = b""
    document: dict[str, Any] | None = None
    source: Source | None = field(default=None, repr=False)

    async def read(self) -> bytes:
        """Return everything, unchanged. Raises Cut, UpstreamTimeout."""
        return self.body if self.source is None else b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield everything, unchanged, in pieces of at most PIECE bytes. Raises Cut, UpstreamTimeout."""
        for start in range(0, len(self.body), PIECE):
            yield self.body[start : start + PIECE]
        while self.source and (piece := await self.source.read()):
            yield piece

    async def close(self) -> None:
        """End the exchange; an upstream that is still at work loses its connection and stops. Any number of times."""
        if self.source:
            self.source.close()
