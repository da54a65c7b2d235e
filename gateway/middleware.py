"""The first rule of an API call: who calls, with which key, for which model."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http.response import HttpResponseBase

from common import address, strictjson
from gateway.errors import (
    InvalidApiKey,
    InvalidRequest,
    IpNotAllowed,
    ModelNotAllowed,
    ModelNotFound,
    UnsupportedMediaType,
)
from gateway.http import ApiCall
from gateway.keyring import SAME_WORDS, Caller


class Authenticate:
    """Set `call.caller`, `.asked`, `.model` and `.candidates`, or raise why not."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[ApiCall], Awaitable[HttpResponseBase]]) -> None:
        """Stand before `get_response`."""
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, call: ApiCall) -> HttpResponseBase:
        call.runtime.observe()
        await find_caller(call)
        if call.endpoint.format is not None:
            version = call.runtime.keyring.version
            await take_body(call)
            if call.runtime.keyring.version != version:  # a body may take a minute, and a key be revoked meanwhile
                await find_caller(call)
        if call.model:
            find_candidates(call, call.known_caller)
        return await self.get_response(call)


async def find_caller(call: ApiCall) -> None:
    """Set who calls. Raises InvalidApiKey, IpNotAllowed, ServiceUnavailable."""
    call.caller = await call.runtime.keyring.find(presented(call))
    if call.caller.subnets:
        check_address(call.caller, call.client_address)


def presented(call: ApiCall) -> str:
    """Return the secret that the headers hold; cookies and the query are never looked at. Raises InvalidApiKey."""
    authorization, given = call.META.get("HTTP_AUTHORIZATION"), call.META.get("HTTP_X_API_KEY")
    if authorization is None:
        if given is None:
            raise InvalidApiKey(SAME_WORDS)
        return str(given)
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or (given is not None and given != secret):
        raise InvalidApiKey(SAME_WORDS)
    return str(secret)


def check_address(caller: Caller, client: str | None) -> None:
    """Raise IpNotAllowed unless the key may be used from there, whether addresses are recorded or not."""
    found = address.read(client) if client else None
    if found is None or not address.within(found, caller.subnets):
        raise IpNotAllowed("This API key may not be used from your address; its owner can change that.")


async def take_body(call: ApiCall) -> None:
    """Set what the body asks for. Raises UnsupportedMediaType, BodyTooLarge, InvalidRequest."""
    media, encoding = call.content_type or "application/json", call.META.get("HTTP_CONTENT_ENCODING", "identity")
    if media != "application/json" and not media.endswith("+json"):
        raise UnsupportedMediaType("Send the body as JSON, with the header 'Content-Type: application/json'.")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType("Send the body uncompressed, without a Content-Encoding header.")
    body = await call.read_body()
    try:
        payload = await strictjson.load(body)
    except strictjson.Malformed as error:
        raise InvalidRequest(str(error)) from error
    call.asked = call.known_format.read(body, payload)
    call.model = call.asked.model


def find_candidates(call: ApiCall, caller: Caller) -> None:
    """Set the channels that may answer. Raises ModelNotFound, ModelNotAllowed, InvalidRequest."""
    candidates = call.runtime.snapshot.serving(call.model, caller.group_id)
    if not candidates:
        raise ModelNotFound(f"No channel serves the model {call.model}. GET /v1/models lists what there is.", "model")
    if caller.models and call.model not in caller.models:
        raise ModelNotAllowed(f"This API key may not call the model {call.model}; its owner can change that.", "model")
    if caller.group_models and call.model not in caller.group_models:
        raise ModelNotAllowed(f"Your group may not call the model {call.model}.", "model")
    if call.asked and call.asked.stateful:
        needed = set(call.asked.stateful)
        refused = min((needed - candidate.allow for candidate in candidates), key=len)
        if refused:
            name = min(refused)
            raise InvalidRequest(f"{name} is not offered for the model {call.model}; leave it out.", name)
        candidates = tuple(candidate for candidate in candidates if needed <= candidate.allow)
    call.candidates = candidates
