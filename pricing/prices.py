"""Set, free and retire prices. A row is never edited: a new one supersedes it, so that every charge stays explained."""

from collections.abc import Sequence
from typing import Required, TypedDict, Unpack

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from common import version
from common.money import NANO, plain
from pricing.models import OPTIONAL_RATES, Price
from pricing.units import Tier

OPERATOR = "operator"
RATES = ("input", "output", *OPTIONAL_RATES)
TERMS = ("state", *RATES, "tiers", "context", "max_output")  # what makes two rows the same price
LARGEST_RATE = 1_000_000 * NANO  # a dollar per token: dearer than any model, and no sum of them leaves 63 bits
LARGEST_LIMIT = 2**31 - 1  # tokens; an integer column


class InvalidPrice(ValueError):
    """The price cannot be stored; the message says what to change."""


class InvalidName(InvalidPrice):
    """The name of the model or channel is empty, too long, or has spaces around it."""


class NegativeRate(InvalidPrice):
    """A rate is below zero."""


class RateTooLarge(InvalidPrice):
    """A rate is beyond a dollar per token."""


class ZeroPrice(InvalidPrice):
    """Every rate is zero, which only "free" may mean."""


class InvalidTier(InvalidPrice):
    """A tier is not {"above": tokens, "input": rate, …}."""


class InvalidLimit(InvalidPrice):
    """A context window or longest output is not a positive number of tokens."""


class NoPrice(LookupError):
    """The model has no live price on this channel."""


class Terms(TypedDict, total=False):
    """The rates of a price, nano-USD per million units (`per_…`: for one), and the model's limits in tokens."""

    input: Required[int]
    output: Required[int]
    cached_input: int | None
    cache_write: int | None
    reasoning: int | None
    audio_input: int | None
    audio_output: int | None
    per_call: int | None
    per_image: int | None
    per_second: int | None
    tiers: list[dict[str, int]]
    context: int | None
    max_output: int | None


@transaction.atomic
def set_price(model: str, channel: str = "", **terms: Unpack[Terms]) -> Price:
    """Set what the operator asks for the model, on one channel or (empty) on all; return the live row.

    Limits that are not given stay as they are known. Nothing changes if the price is the same. Raises InvalidPrice.
    """
    return _publish(_keep_limits(draft(model, channel, **terms)))


@transaction.atomic
def set_free(model: str, channel: str = "", *, context: int | None = None, max_output: int | None = None) -> Price:
    """Let the model be called at no charge, on one channel or (empty) on all; return the live row.

    Limits that are not given stay as they are known. Raises InvalidPrice.
    """
    return _publish(_keep_limits(draft_free(model, channel, context=context, max_output=max_output)))


@transaction.atomic
def retire(model: str, channel: str = "") -> None:
    """Leave the model without a price; the catalogue does not bring it back. Raises NoPrice if it has none."""
    version.bump()
    if not Price.objects.live().filter(model=model, channel=channel).update(superseded_at=timezone.now()):
        raise NoPrice(f"{model} has no price" + (f" on {channel}" if channel else ""))


@transaction.atomic
def offer(drafts: Sequence[Price]) -> int:
    """Publish prices of a catalogue and return how many are new.

    What an operator has set stays, and what an operator has retired stays retired.
    """
    version.bump()
    rows = Price.objects.filter(model__in={row.model for row in drafts}).values_list("model", "channel")
    counted = rows.annotate(
        live=Count("pk", filter=Q(superseded_at=None)),
        set_here=Count("pk", filter=Q(superseded_at=None, source=OPERATOR)),
    )
    ruled = {(model, channel) for model, channel, live, set_here in counted if set_here or not live}
    return _supersede([row for row in drafts if (row.model, row.channel) not in ruled])


def draft(model: str, channel: str = "", *, source: str = OPERATOR, **terms: Unpack[Terms]) -> Price:
    """Return a checked row that is not stored yet. Raises InvalidPrice."""
    row = Price(model=model, channel=channel, source=source, **terms)
    _check_names(row)
    for rate in RATES:
        _check_rate(rate, getattr(row, rate))
    _check_tiers(row)
    _check_limits(row)
    if not any(getattr(row, rate) for rate in RATES):
        raise ZeroPrice("Every rate is zero. If calls shall cost nothing, say that the model is free.")
    return row


def draft_free(model: str, channel: str = "", *, context: int | None = None, max_output: int | None = None) -> Price:
    """Return a checked row of a free model that is not stored yet. Raises InvalidPrice."""
    row = Price(model=model, channel=channel, state=Price.State.FREE, context=context, max_output=max_output)
    _check_names(row)
    _check_limits(row)
    return row


def _publish(row: Price) -> Price:
    _supersede([row])
    return Price.objects.live().get(model=row.model, channel=row.channel)


def _supersede(drafts: Sequence[Price]) -> int:
    """Put the drafts in the place of live rows that differ; return their number."""
    version.bump()  # first, because the lock of its row makes writers take turns
    rows = Price.objects.live().filter(model__in={row.model for row in drafts})
    live = {(row.model, row.channel): row for row in rows}
    changed = [row for row in drafts if not _same(row, live.get((row.model, row.channel)))]
    replaced = [live[key].pk for row in changed if (key := (row.model, row.channel)) in live]
    Price.objects.filter(pk__in=replaced).update(superseded_at=timezone.now())
    Price.objects.bulk_create(changed)
    return len(changed)


def _same(row: Price, live: Price | None) -> bool:
    if live is None or (row.source == OPERATOR) != (live.source == OPERATOR):
        return False
    return all(getattr(row, name) == getattr(live, name) for name in TERMS)


def _keep_limits(row: Price) -> Price:
    known = Price.objects.live().filter(model=row.model, channel__in={row.channel, ""}).order_by("-channel").first()
    if known:
        row.context = row.context or known.context
        row.max_output = row.max_output or known.max_output
    return row


def _check_names(row: Price) -> None:
    for label, name, longest in (("model", row.model, 200), ("channel", row.channel, 64)):
        if name != name.strip() or not name.isprintable() or len(name) > longest:
            raise InvalidName(
                f"The name of a {label} has at most {longest} visible characters, and no spaces around them."
            )
    if not row.model:
        raise InvalidName("Which model? Its name is empty.")


def _check_rate(label: str, rate: int | None) -> None:
    if rate is None:
        return
    name = label.replace("_", " ")
    if isinstance(rate, bool) or not isinstance(rate, int):
        raise InvalidPrice(f"The rate of {name} is not a whole number of nano-USD.")
    if rate < 0:
        raise NegativeRate(f"The rate of {name} is negative.")
    if rate > LARGEST_RATE:
        raise RateTooLarge(f"The rate of {name} is above ${plain(LARGEST_RATE)}.")


def _check_tiers(row: Price) -> None:
    for item in row.tiers:
        try:
            tier = Tier(**item)
        except TypeError as error:
            raise InvalidTier('A tier reads {"above": 200000, "input": …, "output": …}.') from error
        if type(tier.above) is not int or tier.above < 1:
            raise InvalidTier("A tier begins above a positive number of prompt tokens.")
        for label in ("input", "output", "cached_input", "cache_write"):
            _check_rate(f"{label} above {tier.above}", getattr(tier, label))
    row.tiers = sorted(row.tiers, key=lambda item: item["above"])


def _check_limits(row: Price) -> None:
    for label, limit in (("context window", row.context), ("longest output", row.max_output)):
        if limit is not None and not 1 <= limit <= LARGEST_LIMIT:
            raise InvalidLimit(f"The {label} is a number of tokens from 1 to {LARGEST_LIMIT}.")
