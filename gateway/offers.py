"""What an account's keys can be limited to: the models that some channel of its group serves, with their prices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.db.models import Q, QuerySet

from accounts.models import User
from gateway.models import Route
from pricing import kinds, preferences
from pricing import services as pricing
from pricing.http import price_of, prices_of
from pricing.units import Rates


@dataclass(frozen=True, slots=True)
class Offer:
    """A model on a channel, as the price gate knows one."""

    channel: str
    model: str
    upstream_model: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """The live prices, and the fallback price, None where the operator forbids accepting it."""

    prices: Mapping[tuple[str, str], Rates]
    fallback: Rates | None


@dataclass(frozen=True, slots=True)
class Priced:
    """A model with the price of the first channel that may answer; None: calls to it are refused."""

    model: str
    rates: Rates | None


def models(user: User) -> list[str]:
    """Return the names of models that the user's group may call, in alphabetical order."""
    return sorted(set(_routes(user).values_list("model", flat=True)))


def priced(user: User) -> list[Priced]:
    """Return the models that the user's group may call with their prices, in alphabetical order."""
    offers = _offers(user)
    listed = PriceList(_live(offers), pricing.fallback_rates())
    safeguard = preferences.chosen(user.pk)
    return [
        Priced(model, next(iter(prices_of(listed, safeguard, list(found)).values()), None))
        for model, found in groupby(offers, key=attrgetter("model"))
    ]


def unpriced(user: User) -> list[str]:
    """Return the models that the user's group may call without a price on some channel, in alphabetical order."""
    offers = _offers(user)
    listed = PriceList(_live(offers), None)
    return sorted({offer.model for offer in offers if price_of(listed, offer) is None})


def _offers(user: User) -> list[Offer]:
    """Return models on channels, by name and then in the order in which they are asked."""
    routes = _routes(user).order_by("model", "-channel__priority", "channel_id")
    rows = routes.values_list("channel__name", "model", "upstream_model")
    return [Offer(channel, model, upstream or model) for channel, model, upstream in rows]


def _live(offers: Iterable[Offer]) -> Mapping[tuple[str, str], Rates]:
    return pricing.live_rates(name for offer in offers for name in (offer.model, offer.upstream_model))


def offered(user: User, unit: str) -> bool:
    """Return whether a model that the user's group may call is sold by this unit of prices ("per_image", say)."""
    rows = _routes(user).values_list("model", "upstream_model")
    return kinds.sold_by({name for names in rows for name in names if name}, unit)


def _routes(user: User) -> QuerySet[Route]:
    reachable = Q(channel__groups=None) | Q(channel__groups=user.group_id)
    routes = Route.objects.filter(reachable, channel__enabled=True).distinct()
    allowed = user.group.allowed_models
    return routes.filter(model__in=allowed) if allowed else routes
