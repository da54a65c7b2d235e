"""The site as one ASGI application: /v1 and the probes to the gate, all else to Django's pages."""

import gc
import logging

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from common import address, api
from common.headers import guards
from config import api_door
from config.api_door import BodyTooLarge
from gateway import probes, urls
from gateway.errors import ServiceUnavailable
from gateway.handler import GateHandler
from gateway.http import Message, Receive, Scope, Send

logger = logging.getLogger(__name__)
MISCODED = ("text/plain", b"The body is encoded in a way that this site does not read.")
TOO_LARGE = ("text/plain", b"The form is larger than this site reads.")


class Site:
    """Two handlers behind one door; the gate starts and stops with the server process."""

    def __init__(self) -> None:
        """Load both."""
        self.gate = GateHandler()
        self.pages = ASGIHandler()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or follow the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not spoken here")
        elif any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in scope["headers"]):
            # read by one server and not by another, it hides a second request in the body (RFC 9112 6.1, 11.2)
            await _refuse(send, *MISCODED, status=400, more=((b"connection", b"close"),))
        elif scope["path"].startswith(urls.PREFIX) or scope["path"] in probes.PATHS:
            await self.gate(scope, receive, send)
        else:
            await self._page(address.seen_through(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and stop the gate (ASGI lifespan 2.0); without its database it starts with the first call instead."""
        while (message := await receive())["type"] == "lifespan.startup":
            try:
                await self.gate.start()
            except ServiceUnavailable:
                logger.warning("The gate waits for its database")
            # what is loaded by now stays; the collector would walk over it for every few thousand calls (an eighth of
            # their time). What comes and goes with a call is freed without it; cycles are rare and may wait
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 50, 100)
            await send({"type": "lifespan.startup.complete"})
        await self.gate.stop()
        await send({"type": f"{message['type']}.complete"})

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page, or a call of /api; a body is counted before Django buffers it."""
        called = scope["path"].startswith(api.PREFIX)
        form = Form(scope, receive, limit=api_door.LARGEST if called else settings.PAGE_BODY_LIMIT)
        if not form.too_large:
            await self.pages(scope, form.receive, send)
        if form.too_large:
            await _refuse(send, *(("application/json", BodyTooLarge().answer().content) if called else TOO_LARGE))


async def _refuse(
    send: Send, media: str, words: bytes, *, status: int = 413, more: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    headers = [(b"content-type", media.encode()), (b"content-length", b"%d" % len(words)), *guards(), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})


class Form:
    """A body on its way to a page. Beyond the limit its client seems to have left, and Django lets go of it."""

    def __init__(self, scope: Scope, receive: Receive, *, limit: int) -> None:
        """Count what `receive` brings, after what the headers announce."""
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        self.too_large = announced.isdigit() and int(announced) > limit
        self._receive = receive
        self._left = limit

    async def receive(self) -> Message:
        """Return the next message."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_large = True
            return {"type": "http.disconnect"}
        return message
