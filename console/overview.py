"""What the overview says about an account: figures of the last days, what went wrong, and the first steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext, ngettext

from accounts.models import User
from common.charts import SERIES
from usage import calls, reports, rows
from wallet import ledger

ERRORS = 4  # rows of the list
ERROR_DAYS = 30
WEEK = 7
EXAMPLE = "sandbox-echo"  # the built-in model that answers offline


@dataclass(frozen=True, slots=True)
class Share:
    """A model's part of the spend; `series` is its color in the chart."""

    series: int
    name: str
    models: frozenset[str]
    use: reports.Use
    percent: float

    @property
    def css(self) -> str:
        """Return the class of its meter."""
        return f"m{self.series}"


@dataclass(frozen=True, slots=True)
class Figures:
    """The last days, ready to be drawn."""

    days: int
    total: reports.Use
    shares: Sequence[Share]
    bars: Sequence[tuple[date, Sequence[int]]]  # nano-USD by series
    change: float | None  # percent of spend against the same span before it
    per_day: Sequence[reports.Use]
    week: int  # nano-USD paid in the last seven days

    @property
    def requests(self) -> int:
        """Return calls and errors together."""
        return self.total.calls + self.total.errors

    @property
    def success(self) -> str:
        """Return the percentage of requests that were answered; empty if there were none. 100 means every one."""
        if not self.requests:
            return ""
        percent = self.total.calls * 100 / self.requests
        return "100" if not self.total.errors else f"{min(percent, 99.99):.2f}"

    @property
    def rise(self) -> str | None:
        """Return by how many percent the spend rose, None if it fell or there is nothing to compare with."""
        return f"{self.change:,.1f}" if self.change is not None and self.change >= 0 else None

    @property
    def fall(self) -> str | None:
        """Return by how many percent the spend fell, None if it rose or there is nothing to compare with."""
        return f"{-self.change:,.1f}" if self.change is not None and self.change < 0 else None

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the series."""
        return [share.name for share in self.shares]

    @property
    def example(self) -> str:
        """Return the model that a first call may name: the one that is used most, else the built-in one."""
        return self.shares[0].name if self.shares else EXAMPLE

    @property
    def sparks(self) -> dict[str, Sequence[int]]:
        """Return spend, requests and tokens day by day."""
        return {
            "paid": [use.paid for use in self.per_day],
            "requests": [use.calls + use.errors for use in self.per_day],
            "tokens": [use.tokens for use in self.per_day],
        }


@dataclass(frozen=True, slots=True)
class Steps:
    """What a new account has done; each step ticks itself from what is stored."""

    key: bool
    reached: bool
    answered: bool

    @property
    def done(self) -> bool:
        """Return whether the card has served its purpose."""
        return self.answered


def figures(user: User, *, days: int, now: datetime) -> Figures:
    """Return the last `days` days by the clock of `now`."""
    summary = reports.summary(user.pk, days=days, now=now)
    shares = _shares(summary)
    total = summary.total
    before = summary.paid_before
    return Figures(
        days=days,
        total=total,
        shares=shares,
        bars=[(day.date, _stack(day, shares)) for day in summary.days],
        change=(total.paid - before) * 100 / before if before else None,
        per_day=[day.use for day in summary.days],
        week=sum(day.use.paid for day in summary.days[-WEEK:]),
    )


def errors(user: User, *, now: datetime) -> Sequence[rows.Row]:
    """Return the newest errors."""
    since = int((now - timedelta(days=ERROR_DAYS)).timestamp()) // 3600
    chosen = calls.Filter(kind="error", since=since)
    return [rows.row(call) for call in calls.page(user.pk, chosen, size=ERRORS).calls]


def steps(user: User) -> Steps:
    """Return how far the account has come."""
    ever = reports.ever(user.pk)
    return Steps(key=user.api_keys.exists(), reached=bool(ever.calls or ever.errors), answered=bool(ever.calls))


def runway(balance: ledger.Balance, week: int) -> str:
    """Return how long the balance lasts at the pace of the last seven days, in words; empty without a pace."""
    if week <= 0 or balance.free <= 0:
        return ""
    hours = balance.free * WEEK * 24 // week
    if hours < 48:  # noqa: PLR2004 (two days are counted in hours)
        return ngettext("about %(n)s hour left", "about %(n)s hours left", hours) % {"n": hours}
    days = hours // 24
    if days > 365:  # noqa: PLR2004 (a year is long enough)
        return gettext("more than a year left")
    return ngettext("about %(n)s day left", "about %(n)s days left", days) % {"n": days}


def _shares(summary: reports.Summary) -> list[Share]:
    """Return the answered models by what they cost; those that get no color of their own are summed up."""
    answered = [(name, use) for name, use in summary.models.items() if use.calls]
    own = answered if len(answered) <= SERIES else answered[: SERIES - 1]
    listed = [(name, frozenset([name]), use) for name, use in own]
    if rest := answered[len(own) :]:
        together = reports.Use()
        for _name, use in rest:
            together.add(use)
        listed.append((gettext("Other models"), frozenset(name for name, _use in rest), together))
    paid = summary.total.paid
    return [
        Share(series, name, models, use, round(use.paid * 100 / paid, 1) if paid else 0.0)
        for series, (name, models, use) in enumerate(listed)
    ]


def _stack(day: reports.Day, shares: Sequence[Share]) -> list[int]:
    return [sum(paid for model, paid in day.models.items() if model in share.models) for share in shares]
