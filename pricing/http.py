"""What the price gate reads from a call, and what it adds."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from pricing.units import Rates


class Payer(Protocol):
    """Whoever pays for the call."""

    @property
    def accepts_some(self) -> bool:
        """Return whether the owner accepts that some model has no price."""
        ...

    def accepts(self, model: str) -> bool:
        """Return whether the owner accepts that this model has no price."""
        ...


class Offer(Protocol):
    """A model on a channel."""

    @property
    def channel(self) -> str:
        """Return the channel's name."""
        ...

    @property
    def model(self) -> str:
        """Return what clients call the model."""
        ...

    @property
    def upstream_model(self) -> str:
        """Return what the upstream calls it."""
        ...


class PriceList(Protocol):
    """Prices by (model, channel or ""), and the operator's fallback price, None where accepting is forbidden."""

    @property
    def prices(self) -> Mapping[tuple[str, str], Rates]:
        """Return the live prices."""
        ...

    @property
    def fallback(self) -> Rates | None:
        """Return the fallback price."""
        ...


OfferT = TypeVar("OfferT", bound=Offer)


class PricedCall(Protocol[OfferT]):
    """A call whose caller is known. The rule sets `prices` by channel, and keeps the `candidates` that have one."""

    model: str
    candidates: tuple[OfferT, ...]
    prices: Mapping[str, Rates]

    @property
    def known_caller(self) -> Payer:
        """Return the caller."""
        ...

    @property
    def price_list(self) -> PriceList:
        """Return the prices of this moment."""
        ...

    @property
    def unrated(self) -> Sequence[str]:
        """Return the fields that cost more than tokens and have no rate of their own."""
        ...


def price_of(price_list: PriceList, offer: Offer) -> Rates | None:
    """Return the price of a model on a channel: its own there, its own anywhere, then the same by its upstream name."""
    prices = price_list.prices
    for model in (offer.model, offer.upstream_model):
        for channel in (offer.channel, ""):
            if rates := prices.get((model, channel)):
                return rates
    return None


def prices_of(
    price_list: PriceList, payer: Payer, offers: Sequence[Offer], *, unrated: bool = False
) -> Mapping[str, Rates]:
    """Return by channel what the payer would be charged by; an offer without a price, and not accepted, is left out.

    With `unrated` the request asks for more than tokens, which counts as having no price.
    """
    fallback = price_list.fallback if offers and payer.accepts(offers[0].model) else None
    found = {offer.channel: (None if unrated else price_of(price_list, offer)) or fallback for offer in offers}
    return {channel: rates for channel, rates in found.items() if rates}
