"""What an account has, and how long that lasts."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from console import overview
from usage import reports
from wallet import ledger


@dataclass(frozen=True, slots=True)
class Standing:
    """Nano-USD: what can be spent, and the total that quota warnings look at; `runway` says how long it lasts."""

    free: int
    total: int
    runway: str


def standing(user: User) -> Standing:
    """Return how an account stands now."""
    balance = ledger.balance(user.pk)
    week = reports.summary(user.pk, days=overview.WEEK, now=timezone.localtime())
    return Standing(balance.free, balance.total, overview.runway(balance, week.total.paid))
