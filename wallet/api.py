"""/api/wallet: the balance, and the ledger that explains it."""

from datetime import datetime
from typing import Annotated, cast

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import WithJsonSchema

from accounts.models import User
from common import api
from common.api import Cursor, Items, Usd
from wallet import ledger, reports

router = Router(tags=["Wallet"])
Kind = Annotated[ledger.Kind, WithJsonSchema(api.enum(ledger.Kind))]


class Wallet(Schema):
    """Money: `balance_usd` is free to spend, `held_usd` is set aside for calls in flight."""

    balance_usd: Usd
    held_usd: Usd
    total_usd: Usd
    credit_limit_usd: Usd


class Entry(Schema):
    """One change of the total."""

    id: int
    created_at: datetime
    kind: Kind
    amount_usd: Usd
    reference: str
    note: str


@router.get("", response=Wallet, summary="Balance")
def wallet(request: HttpRequest) -> Wallet:
    """Return what is free, held, and both together."""
    balance = ledger.balance(cast(User, request.user).pk)
    return Wallet(
        balance_usd=api.usd(balance.free),
        held_usd=api.usd(balance.held),
        total_usd=api.usd(balance.total),
        credit_limit_usd=api.usd(balance.credit_limit),
    )


@router.get("/ledger", response=Items[Entry], summary="Ledger")
def entries(request: HttpRequest, kind: Kind | None = None, cursor: Cursor | None = None) -> Items[Entry]:
    """List what was booked, newest first, of one kind or of all."""
    user_id = cast(User, request.user).pk
    page = reports.ledger(user_id, total=0, kind=kind or "", before=api.before(cursor))
    return Items(items=[_entry(entry) for entry in page.entries], next=api.after(page.older))


def _entry(entry: reports.Entry) -> Entry:
    return Entry(
        id=entry.id,
        created_at=entry.created_at,
        kind=ledger.Kind(entry.kind),
        amount_usd=api.usd(entry.amount),
        reference=entry.request_id or entry.reference,
        note=entry.note,
    )
