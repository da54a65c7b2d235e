"""Book a past: dated entries and used budgets of an account that begins with them, in one go and adding up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from wallet.ledger import Kind, NoWallet
from wallet.models import Budget, LedgerEntry, Wallet


@dataclass(frozen=True, slots=True)
class Past:
    """An entry with the moment of what it tells; `amount` is signed nano-USD."""

    kind: Kind
    amount: int
    reference: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What calls have spent of a limit in the period that began at `period_start`, a Unix second."""

    kind: str  # a Budget.Kind
    owner: int
    period_start: int
    limit: int
    spent: int


@transaction.atomic
def book(user_id: int, entries: Sequence[Past]) -> None:
    """Add the entries, in their order, and their sum to the free balance. Raises NoWallet.

    References must be new, and the balance must not end below its floor: the database refuses both.
    """
    if not Wallet.objects.filter(pk=user_id).update(balance=F("balance") + sum(each.amount for each in entries)):
        raise NoWallet(f"account {user_id} has no wallet")
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            wallet_id=user_id,
            kind=each.kind,
            amount=each.amount,
            reference=each.reference,
            created_at=each.at,
            note=each.note,
        )
        for each in entries
    )


def use(user_id: int, budgets: Sequence[Used]) -> None:
    """Add the budgets of periods in which the account has made no call yet."""
    Budget.objects.bulk_create(
        Budget(
            wallet_id=user_id,
            kind=each.kind,
            owner=each.owner,
            period_start=each.period_start,
            limit=each.limit,
            spent=each.spent,
        )
        for each in budgets
    )
