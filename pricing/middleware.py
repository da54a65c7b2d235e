"""The price gate: nothing is relayed at a price that nobody agreed to."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http.response import HttpResponseBase

from pricing.http import PricedCall, prices_of
from pricing.services import PriceNotSet

PAGE = "/settings/pricing/"


class PriceGate:
    """Set `call.prices` and keep the candidates that have one. Raises PriceNotSet where none has."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[PricedCall[Any]], Awaitable[HttpResponseBase]]) -> None:
        """Stand before `get_response`."""
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, call: PricedCall[Any]) -> HttpResponseBase:
        if call.candidates:
            call.prices = prices_of(call.price_list, call.known_caller, call.candidates, unrated=bool(call.unrated))
            if not call.prices:
                raise PriceNotSet(refusal(call))
            if len(call.prices) < len(call.candidates):
                call.candidates = tuple(offer for offer in call.candidates if offer.channel in call.prices)
        return await self.get_response(call)


def refusal(call: PricedCall[Any]) -> str:
    """Return what the client is told: which model, which setting, on which page."""
    what = f"The model {call.model} has no price"
    if call.unrated:
        what = f"{' and '.join(call.unrated)} with the model {call.model} has no price"
    if call.price_list.fallback is None:
        return f"{what}, and this installation does not allow calls without one. Ask its operator to set a price."
    page = f"{settings.BASE_URL}{PAGE}"
    if call.known_caller.accepts_some:
        return (
            f"{what}, and the account accepts that only of the models that it lists (accepted_models). "
            f"Add it to the list at {page}, or ask the operator to set a price."
        )
    return (
        f"{what}, and the account does not accept that. Switch on 'Accept models without a price' (accept_unpriced) "
        f"at {page}, or ask the operator to set a price."
    )
