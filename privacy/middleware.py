"""The privacy rule: which client address, if any, the logs may hold."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http.response import HttpResponseBase

from privacy.http import AddressedCall, recordable


class ClientAddress:
    """Set `call.address`, None unless the caller records addresses."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[AddressedCall], Awaitable[HttpResponseBase]]) -> None:
        """Stand before `get_response`."""
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, call: AddressedCall) -> HttpResponseBase:
        call.address = recordable(call)
        return await self.get_response(call)
