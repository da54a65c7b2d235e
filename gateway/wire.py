"""Sends a stream to a client: never silent for long, never waiting for one that does not read."""

import asyncio
from collections.abc import AsyncIterator

from django.conf import settings

from gateway import sse
from gateway.http import Send

PATIENCE_S = 60.0  # with a client that takes nothing


class Wire:
    """The sending side of one stream."""

    def __init__(self, send: Send) -> None:
        """Send with the server's `send`."""
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Lock()  # locked while a piece is on its way
        self._last = self._loop.time()

    async def carry(self, pieces: AsyncIterator[bytes]) -> None:
        """Send every piece, and comments while there is none. Raises TimeoutError for a client that does not read."""
        keeper = asyncio.create_task(self._keep_alive())
        try:
            async for piece in pieces:
                async with self._idle:
                    await self._put(piece, more=True)
        finally:
            keeper.cancel()
            await asyncio.wait({keeper})
        await self._put(b"", more=False)

    async def _put(self, piece: bytes, *, more: bool) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})
        self._last = self._loop.time()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._left())
            async with self._idle:
                # a piece may have gone while this waited for its turn; a comment must never tear an event
                if self._left() <= 0:
                    await self._put(sse.KEEP_ALIVE, more=True)

    def _left(self) -> float:
        """Return the seconds until the client has heard nothing for too long."""
        return self._last + settings.KEEP_ALIVE - self._loop.time()
