"""What an account used: days, models and the calls without a price, from the roll-up and the log."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import Count, Max, Q, Sum

from accounts.models import User
from common import callids
from usage.models import CallLog, HourlyUsage

LATELY = 5_000  # calls; bounds the scan for accounts with millions
MILLION = 1_000_000


@dataclass(slots=True)
class Use:
    """Sums of some calls; `calls` leaves errors out, `paid` is nano-USD."""

    calls: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    paid: int = 0

    @property
    def tokens(self) -> int:
        """Return input and output together."""
        return self.input_tokens + self.output_tokens

    @property
    def per_million(self) -> int:
        """Return what a million tokens really cost, in nano-USD."""
        return self.paid * MILLION // self.tokens if self.tokens else 0

    def add(self, other: "Use") -> None:
        """Count the calls of `other` in."""
        self.calls += other.calls
        self.errors += other.errors
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.paid += other.paid


@dataclass(slots=True)
class Day:
    """One day of the reader's clock."""

    date: date
    use: Use = field(default_factory=Use)
    models: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # nano-USD by model


@dataclass(frozen=True, slots=True)
class Summary:
    """The last days: each of them oldest first, models by what they cost, and what the same span before them cost."""

    days: Sequence[Day]
    models: Mapping[str, Use]
    total: Use
    paid_before: int


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A model without a price that was called lately: how often it was answered and at what cost, how often refused."""

    model: str
    answered: int
    refused: int
    charge: int
    last_at: datetime


def summary(user_id: int, *, days: int, now: datetime) -> Summary:
    """Return the use of the last `days` days by the clock of `now`, today included."""
    zone, today = now.tzinfo or UTC, now.date()
    first = today - timedelta(days=days - 1)
    listed = {first + timedelta(days=number): Day(first + timedelta(days=number)) for number in range(days)}
    models: dict[str, Use] = defaultdict(Use)
    total = Use()
    since = _hour(first, zone)
    for hour, model, use in _hours(user_id, since):
        day = listed.get(datetime.fromtimestamp(hour * 3600, zone).date(), listed[today])
        day.use.add(use)
        day.models[model] += use.paid
        models[model].add(use)
        total.add(use)
    ranked = dict(sorted(models.items(), key=lambda item: (-item[1].paid, -item[1].calls, item[0])))
    before = HourlyUsage.objects.filter(
        user_id=user_id, hour__gte=_hour(first - timedelta(days=days), zone), hour__lt=since
    )
    return Summary(list(listed.values()), ranked, total, before.aggregate(paid=Sum("paid"))["paid"] or 0)


def ever(user_id: int) -> Use:
    """Return the calls and errors of all time."""
    found = HourlyUsage.objects.filter(user_id=user_id).aggregate(calls=Sum("calls"), errors=Sum("errors"))
    return Use(calls=found["calls"] or 0, errors=found["errors"] or 0)


def unpriced_lately(user: User) -> Sequence[Unpriced]:
    """Return the models without a price among the user's latest calls, last called first."""
    newest = CallLog.objects.filter(user=user).order_by("-id").values_list("id", flat=True)
    since = next(iter(newest[LATELY - 1 : LATELY]), 0)
    answered = Q(kind=CallLog.Kind.OK, price_source__in=[CallLog.PriceSource.UPSTREAM, CallLog.PriceSource.FALLBACK])
    refused = Q(code="model_price_not_set")
    groups = (
        CallLog.objects.filter(answered | refused, user=user, id__gte=since)
        .values("model")
        .annotate(
            answered=Count("id", filter=answered),
            refused=Count("id", filter=refused),
            spent=Sum("charge"),
            last=Max("id"),
        )
        .order_by("-last")[:20]
    )
    return [
        Unpriced(group["model"], group["answered"], group["refused"], group["spent"], callids.moment(group["last"]))
        for group in groups
    ]


def _hour(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, time.min, zone).timestamp()) // 3600


def _hours(user_id: int, since: int) -> Sequence[tuple[int, str, Use]]:
    groups = (
        HourlyUsage.objects.filter(user_id=user_id, hour__gte=since)
        .values_list("hour", "model")
        .annotate(Sum("calls"), Sum("errors"), Sum("input_tokens"), Sum("output_tokens"), Sum("paid"))
    )
    return [(hour, model, Use(*sums)) for hour, model, *sums in groups]
