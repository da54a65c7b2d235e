"""What commits noticed about wallets, for who tells their owners."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from wallet.models import WalletEvent


@dataclass(frozen=True, slots=True)
class Event:
    """A wallet's total, in nano-USD, as it passed a threshold or ran out."""

    id: int
    user_id: int
    kind: str
    total: int
    threshold: int


def fresh(limit: int) -> Sequence[Event]:
    """Return the oldest events that nobody was told of yet."""
    rows = WalletEvent.objects.filter(expanded_at=None).order_by("id")[:limit]
    return [Event(row.pk, row.wallet_id, row.kind, row.total, row.threshold) for row in rows]


def mark(event: Event) -> bool:
    """Note that the owner is being told, in the same transaction; return False if someone else was faster."""
    return WalletEvent.objects.filter(pk=event.id, expanded_at=None).update(expanded_at=timezone.now()) == 1
