"""What has been spent within a limit's period."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from common import windows
from wallet.models import Budget


@dataclass(frozen=True, slots=True)
class Used:
    """What was paid within a period, and what calls in flight hold; nano-USD."""

    spent: int = 0
    held: int = 0


def spent(user_id: int, kind: str, starts: Collection[int]) -> dict[tuple[int, int], int]:
    """Return what the account's budgets of a kind spent in the periods that began then, by (owner, period start)."""
    rows = Budget.objects.filter(wallet_id=user_id, kind=kind, period_start__in=starts)
    return {(owner, start): amount for owner, start, amount in rows.values_list("owner", "period_start", "spent")}


def unpriced_spend(user: User, moment: datetime) -> Used:
    """Return what models without a price cost the account in the UTC month of `moment`."""
    month = windows.opens("month", moment.timestamp())
    found = Budget.objects.filter(wallet_id=user.pk, kind=Budget.Kind.CAP, owner=user.pk, period_start=month).first()
    return Used(found.spent, found.held) if found else Used()
