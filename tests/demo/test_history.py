"""Booking a past: dated, adding up, and all or nothing."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from usage import history as usage
from usage.models import CallLog, HourlyUsage
from wallet import history, ledger, verify
from wallet.models import Budget, LedgerEntry

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner(user):
    """An account with an empty wallet."""
    ledger.open_wallet(user.pk)
    return user


def past(amount: int, reference: str, kind: ledger.Kind = ledger.Kind.CREDIT) -> history.Past:
    return history.Past(kind, amount, reference, AT)


def test_entries_are_dated_and_their_sum_is_the_balance(owner):
    history.book(owner.pk, [past(100, "a"), past(-30, "b", ledger.Kind.DEBIT)])
    assert ledger.balance(owner.pk).free == 70
    assert [(entry.amount, entry.created_at) for entry in LedgerEntry.objects.order_by("pk")] == [(100, AT), (-30, AT)]
    assert verify.check() == []


@pytest.mark.parametrize("entries", [[past(100, "a"), past(5, "a")], [past(-1, "b")]])
def test_a_used_reference_or_a_broken_floor_books_nothing(owner, entries):
    with pytest.raises(IntegrityError), transaction.atomic():
        history.book(owner.pk, entries)
    assert ledger.balance(owner.pk).free == 0
    assert not LedgerEntry.objects.exists()


def test_an_account_without_a_wallet_is_named(user):
    with pytest.raises(ledger.NoWallet):
        history.book(user.pk, [past(1, "a")])


def test_used_budgets_are_stored(owner):
    history.use(owner.pk, [history.Used("key", 5, 1000, 200, 150)])
    row = Budget.objects.get()
    assert (row.kind, row.owner, row.period_start, row.limit, row.spent, row.held) == ("key", 5, 1000, 200, 150, 0)


def call(pk: int, **columns: object) -> dict[str, object]:
    """Return a row of the log."""
    blank = {field.attname: 0 for field in CallLog._meta.fields if field.attname != "user_id"}
    texts = {"kind": "ok", "source": "api", "model": "m", "api_key": "k", "channel": "c", "code": "", "reason": ""}
    rest = {"price_source": "price", "price_id": None, "address": None, "stream": False, "estimated": False}
    return blank | texts | rest | {"id": pk, "status": 200} | columns


def test_calls_are_rolled_up_by_hour_model_and_key(user):
    hour = 1 << 33  # ids of one hour share their upper bits
    usage.log(user.pk, [
        call(hour, input_tokens=10, output_tokens=1, charge=5),
        call(hour + 1, input_tokens=20, output_tokens=2, charge=7, shortfall=3),
        call(hour + 2, kind="error", code="upstream_error", status=502),
        call(hour + 3, model="n", charge=1),
    ])  # fmt: skip
    found = HourlyUsage.objects.order_by("model").values_list(
        "model", "calls", "errors", "input_tokens", "output_tokens", "paid"
    )
    assert list(found) == [("m", 2, 1, 30, 3, 9), ("n", 1, 0, 0, 0, 1)]
    assert CallLog.objects.count() == 4


def test_an_hour_is_not_rolled_up_twice(user):
    usage.log(user.pk, [call(1)])
    with pytest.raises(IntegrityError), transaction.atomic():
        usage.log(user.pk, [call(2)])
    assert CallLog.objects.count() == 1
