"""An API call: the request, and what each rule on its way adds to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http.response import HttpResponseBase

from common import address, callids
from gateway.asked import Asked, Format
from gateway.errors import BodyTooLarge, InvalidRequest
from gateway.keyring import Caller
from gateway.routing import Candidate
from gateway.runtime import Runtime
from gateway.snapshot import Snapshot
from pricing.units import Rates

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a path: a view, and the format of its body where it has one."""

    view: "View"
    format: Format | None = None
    names_model: bool = False  # in its path


class ClientGone(Exception):
    """The client left before its request was complete: nobody is there to be answered."""


class ApiCall(ASGIRequest):
    """A request under /v1. `caller` and below are set by Authenticate, `address` by privacy, `prices` by pricing."""

    endpoint: Endpoint
    runtime: Runtime
    caller: Caller | None = None
    asked: Asked | None = None
    model = ""
    candidates: tuple[Candidate, ...] = ()
    address: str | None = None
    prices: Mapping[str, Rates]  # by channel

    def __init__(self, scope: Scope, receive: Receive, *, endpoint: Endpoint, runtime: Runtime) -> None:
        """Wrap an ASGI scope; the body stays where it is until a rule reads it."""
        # the query is never looked at: a key in it opens nothing, and its bytes may be anything
        super().__init__({**scope, "query_string": b""}, BytesIO())
        self.endpoint = endpoint
        self.runtime = runtime
        self.id = runtime.mint.next()
        self.started = time.monotonic()
        self.noted = False  # a settlement has written the row
        self.received = False  # the body is here to its end
        self.body_until: float | None = None  # monotonic seconds; the call's watch ends the reading then
        self.late = False  # it did
        self._receive = receive

    @property
    def request_id(self) -> str:
        """Return the text by which people know the call."""
        return callids.request_id(self.id)

    @property
    def client_address(self) -> str | None:
        """Return the client's address, for rules; what may be kept of it is in `address`."""
        return address.of(self.scope)

    @property
    def known_caller(self) -> Caller:
        """Return the caller. Raises LookupError where Authenticate has not run."""
        if self.caller is None:
            raise LookupError("no rule has authenticated this call")
        return self.caller

    @property
    def known_request(self) -> Asked:
        """Return what is asked for. Raises LookupError where Authenticate has read no body."""
        if self.asked is None:
            raise LookupError("this call has no body")
        return self.asked

    @property
    def known_format(self) -> Format:
        """Return the format of the endpoint. Raises LookupError where it has none."""
        if self.endpoint.format is None:
            raise LookupError("this endpoint has no format")
        return self.endpoint.format

    @property
    def price_list(self) -> Snapshot:
        """Return the prices of this moment."""
        return self.runtime.snapshot

    @property
    def unrated(self) -> tuple[str, ...]:
        """Return the fields that cost more than tokens and have no rate of their own."""
        return self.asked.unrated if self.asked else ()

    def elapsed_ms(self) -> int:
        """Return the milliseconds since the request arrived."""
        return int((time.monotonic() - self.started) * 1000)

    async def read_body(self) -> bytes:
        """Return the body. Raises BodyTooLarge, InvalidRequest past the deadline, ClientGone."""
        announced = self.META.get("CONTENT_LENGTH", "")
        if announced.isdecimal() and int(announced) > settings.BODY_LIMIT:
            raise too_large()
        self.body_until = self.started + settings.BODY_DEADLINE
        try:
            return await self._read()
        except asyncio.CancelledError:
            if not self.late:
                raise
            if reading := asyncio.current_task():
                reading.uncancel()  # the call goes on, with a refusal
            raise InvalidRequest(f"The body did not arrive within {settings.BODY_DEADLINE:g} seconds.") from None

    async def _read(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > settings.BODY_LIMIT:
                raise too_large()
            if not message.get("more_body", False):
                self.received = True
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def gone(self) -> None:
        """Return when the client has left; only after its body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


View = Callable[[ApiCall], Awaitable[HttpResponseBase]]


def too_large() -> BodyTooLarge:
    """Return the refusal of a body beyond the limit."""
    return BodyTooLarge(f"The body is larger than {settings.BODY_LIMIT} bytes; send less, or ask the operator.")
