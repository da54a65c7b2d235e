"""What an account's keys can be limited to: the models that some channel of its group serves, with their prices."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from gateway.models import Route
from pricing import preferences
from pricing import services as pricing
from pricing.http import price_of
from pricing.units import Rates


@dataclass(frozen=True, slots=True)
class Offer:
    """A model on a channel, as the price gate knows one."""

    channel: str
    model: str
    upstream_model: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """The live prices, and the fallback price where the account accepts it."""

    prices: dict[tuple[str, str], Rates]
    fallback: Rates | None


@dataclass(frozen=True, slots=True)
class Priced:
    """A model with the price of the channel that is asked first; None: calls to it are refused."""

    model: str
    rates: Rates | None


def models(user: User) -> list[str]:
    """Return the names of models that the user's group may call, in alphabetical order."""
    return sorted(set(_routes(user).values_list("model", flat=True)))


def priced(user: User) -> list[Priced]:
    """Return the models that the user's group may call with their prices, in alphabetical order."""
    routes = _routes(user).order_by("model", "-channel__priority", "channel_id")
    rows = routes.values_list("channel__name", "model", "upstream_model")
    offers = [Offer(channel, model, upstream or model) for channel, model, upstream in rows]
    listed = _price_list(user, offers)
    first = {offer.model: offer for offer in reversed(offers)}
    return [Priced(model, price_of(listed, first[model]) or listed.fallback) for model in sorted(first)]


def _price_list(user: User, offers: Iterable[Offer]) -> PriceList:
    names = {name for offer in offers for name in (offer.model, offer.upstream_model)}
    fallback = pricing.fallback_rates() if preferences.accepts_unpriced(user.pk) else None
    return PriceList(dict(pricing.live_rates(names)), fallback)


def _routes(user: User) -> QuerySet[Route]:
    reachable = Q(channel__groups=None) | Q(channel__groups=user.group_id)
    routes = Route.objects.filter(reachable, channel__enabled=True).distinct()
    allowed = user.group.allowed_models
    return routes.filter(model__in=allowed) if allowed else routes
