"""The ledger as its owner reads it: newest first, each entry with the total it led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum, Window
from django.db.models.functions import Coalesce

from common import callids, money
from wallet.models import LedgerEntry

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a total; `total` is free + held right after it. `request_id` is empty unless a call caused it."""

    id: int
    kind: str
    label: str
    amount: int
    total: int
    reference: str
    request_id: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and the cursor of the ones before them (None: there are none)."""

    entries: Sequence[Entry]
    older: int | None


def ledger(user_id: int, *, total: int, kind: str = "", before: int | None = None) -> Page:
    """Return the newest entries below `before` of this kind (all kinds if empty).

    `total` is the wallet's total now, from which the totals of earlier moments are counted back.
    """
    entries = LedgerEntry.objects.filter(wallet_id=user_id, id__lt=before or money.LARGEST).order_by("-id")
    chosen = list((entries.filter(kind=kind) if kind else entries)[: PAGE + 1])
    shown = chosen[:PAGE]
    later = _sums_after(user_id, shown)
    return Page([_entry(row, total - later[row.id]) for row in shown], shown[-1].id if len(chosen) > PAGE else None)


def kinds() -> Sequence[tuple[str, str]]:
    """Return the kinds of entries with their names."""
    return [(kind.value, str(kind.label)) for kind in LedgerEntry.Kind]


def _sums_after(user_id: int, rows: Sequence[LedgerEntry]) -> dict[int, int]:
    """Return by id the sum of all that was booked after each row."""
    if not rows:
        return {}
    wallet = LedgerEntry.objects.filter(wallet_id=user_id)
    newer = wallet.filter(id__gt=rows[0].id).aggregate(sum=Coalesce(Sum("amount"), 0))["sum"]
    running = (
        wallet.filter(id__lte=rows[0].id, id__gte=rows[-1].id)
        .annotate(sum=Window(Sum("amount"), order_by=F("id").desc()) - F("amount"))
        .values_list("id", "sum")
    )
    wanted = {row.id for row in rows}
    return {pk: newer + between for pk, between in running.iterator() if pk in wanted}


def _entry(row: LedgerEntry, total: int) -> Entry:
    return Entry(
        id=row.id,
        kind=row.kind,
        label=row.get_kind_display(),
        amount=row.amount,
        total=total,
        reference=row.reference,
        request_id=_request_id(row),
        note=row.note,
        created_at=row.created_at,
    )


def _request_id(row: LedgerEntry) -> str:
    """Return the call by the text that people know it by; a call's entry refers to the number."""
    named = row.kind == LedgerEntry.Kind.CALL and row.reference.isdecimal()
    return callids.request_id(int(row.reference)) if named else ""
