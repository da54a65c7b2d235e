"""A mismatch anywhere in the books is found, named and counted."""

import time

import pytest

from gateway.commit.mint import Mint
from gateway.commit.orders import Limit
from tests.commit.rig import commit, fund
from tests.commit.targets import flat, paid
from usage.models import CallLog, HourlyUsage
from wallet import verify
from wallet.models import Budget, Hold, LedgerEntry, Wallet

pytestmark = pytest.mark.django_db(transaction=True)
DAY_MS = 86_400_000


@pytest.fixture
def wallet() -> int:
    """A wallet with a paid call, a refused one and an open one."""
    (key,) = fund(1000, credit_limit=50)
    mint = Mint(1)
    ids = [mint.next() for _ in range(3)]
    limits = (
        Limit("key", 1, 0, 900),
        Limit("rpm", key, 60, 9),
        Limit("tpm", key, 60, 10**6),
        Limit("parallel", key, 0, 5),
    )
    commit(reserves=[flat(call, key, 100, *limits) for call in ids])
    commit([paid(ids[0], key, 60, input_tokens=5), paid(ids[1], key, 0, kind="error", status=400)])
    return key


def books(*, skip: int = 0) -> list[str]:
    return [mismatch.book for mismatch in verify.check()]


def test_sound_books_have_no_mismatch(wallet):
    assert verify.check() == []


def test_a_changed_balance_is_found(wallet):
    Wallet.objects.update(balance=10**6)
    (mismatch,) = verify.check()
    assert mismatch == verify.Mismatch(wallet, "free + held (the sum of the ledger)", 940, 10**6 + 100)
    assert str(mismatch) == f"account {wallet}: free + held (the sum of the ledger) should be 940, is 1000100"


def test_a_lost_hold_is_found_in_wallet_and_budgets(wallet):
    Hold.objects.all().delete()
    found = books()
    assert found[0] == "held (the sum of open holds)"
    assert len(found) == 4  # and in three budgets; rpm holds nothing


def test_a_budget_that_forgot_a_hold_is_found(wallet):
    Budget.objects.filter(kind="parallel").update(held=0)
    assert len(books()) == 1


def test_a_hold_without_a_wallet_is_found(wallet):
    stray = Hold.objects.values().get() | {"id": 5, "wallet_id": 10**9, "budgets": ""}
    Hold.objects.create(**stray)
    assert verify.check() == [verify.Mismatch(10**9, "holds without a wallet", 0, 100)]


def test_a_deleted_entry_is_found(wallet):
    LedgerEntry.objects.filter(kind="call").delete()
    assert books() == ["free + held (the sum of the ledger)", "paid in the roll-up (the ledger's calls)"]


def test_a_deleted_row_is_found(wallet):
    CallLog.objects.filter(kind="ok").delete()
    assert books() == ["paid in the roll-up (the call log)", "calls in the roll-up (rows of the call log)"]


def test_a_deleted_error_row_is_found(wallet):
    CallLog.objects.filter(kind="error").delete()
    assert books() == ["calls in the roll-up (rows of the call log)"]


def test_a_changed_roll_up_is_found(wallet):
    HourlyUsage.objects.update(paid=61)
    assert books() == ["paid in the roll-up (the ledger's calls)", "paid in the roll-up (the call log)"]


def test_pruned_rows_are_no_mismatch(wallet):
    old = Mint(2, clock=lambda: int(time.time() * 1000) - 31 * DAY_MS).next()
    commit(reserves=[flat(old, wallet, 10)])
    commit([paid(old, wallet, 5)])
    CallLog.objects.filter(pk=old).delete()
    assert verify.check() == []


def test_sums_are_exact_beyond_what_a_float_holds():
    wallets = fund(*[2**60 + 1] * 7)
    assert verify.check() == []
    Wallet.objects.filter(pk=wallets[3]).update(balance=2**60)
    assert verify.check() == [verify.Mismatch(wallets[3], "free + held (the sum of the ledger)", 2**60 + 1, 2**60)]
