"""The keys of an account with what they spent: the rows of the keys page and of `key list`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import money, windows
from gateway.models import ApiKey
from usage import by_key
from wallet import budgets

FULL, NEARLY = 100, 80  # percent of a limit


class Status(TextChoices):
    """What a key's owner has to know about it first."""

    ACTIVE = "active", _("Active")
    LIMITED = "limited", _("Limit reached")
    DISABLED = "disabled", _("Disabled")
    EXPIRED = "expired", _("Expired")


TONES = {Status.ACTIVE: "ok", Status.LIMITED: "bad", Status.DISABLED: "", Status.EXPIRED: "warn"}


@dataclass(frozen=True, slots=True)
class Row:
    """A key with what it spent (nano-USD): in the period of its limit, this month where it has none."""

    key: ApiKey
    spent: int
    status: Status

    @property
    def percent(self) -> int:
        """Return how much of the limit is used up."""
        return min(self.spent * 100 // self.key.limit, FULL) if self.key.limit else 0

    @property
    def kind(self) -> str:
        """Return the kind of meter that shows it."""
        return "bad" if self.percent >= FULL else "warn" if self.percent >= NEARLY else ""

    @property
    def tone(self) -> str:
        """Return the color of the status, which is also in words."""
        return TONES[self.status]


def rows(user: User) -> list[Row]:
    """Return the user's keys, newest first."""
    now = timezone.now().timestamp()
    starts = {period: windows.opens(period, now) for period in ApiKey.Period.values}
    budgeted = budgets.spent(user.pk, "key", list(starts.values()))
    monthly = by_key.paid_since(user.pk, starts[ApiKey.Period.MONTH])
    return [_row(key, starts, budgeted, monthly) for key in user.api_keys.order_by("-created_at", "-pk")]


def _row(key: ApiKey, starts: dict[str, int], budgeted: dict[tuple[int, int], int], monthly: dict[str, int]) -> Row:
    spent = monthly.get(key.name, 0) if key.limit is None else budgeted.get((key.pk, starts[key.period]), 0)
    return Row(key, spent, _status(key, spent))


def _status(key: ApiKey, spent: int) -> Status:
    if not key.enabled:
        return Status.DISABLED
    if key.expired():
        return Status.EXPIRED
    if key.limit is not None and spent >= key.limit:
        return Status.LIMITED
    return Status.ACTIVE


def chosen(listed: Iterable[Row], *, search: str = "", status: str = "") -> list[Row]:
    """Return the rows whose name contains `search` and that have this status; empty allows all."""
    wanted = search.casefold()
    return [row for row in listed if wanted in row.key.name.casefold() and status in {"", row.status.value}]


def counts(listed: Iterable[Row]) -> dict[str, int]:
    """Return how many rows have each status, "" for all of them."""
    found = Counter(row.status.value for row in listed)
    return {"": found.total(), **{status.value: found[status.value] for status in Status}}


def plain(row: Row) -> dict[str, object]:
    """Return a row as /api and `key list --json` write it: money in USD, moments in ISO 8601."""
    key = row.key
    return {
        "id": key.pk,
        "name": key.name,
        "hint": key.hint,
        "class": key.key_class,
        "status": row.status.value,
        "limit_usd": None if key.limit is None else money.plain(key.limit),
        "period": key.period,
        "spent_usd": money.plain(row.spent),
        "models": key.allowed_models,
        "subnets": key.subnets,
        "expires_at": key.expires_at and key.expires_at.isoformat(),
        "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
        "created_at": key.created_at.isoformat(),
    }
