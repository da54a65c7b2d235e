"""What a settlement books and writes down."""

import pytest

from accounts.models import User
from common.models import Version
from gateway.commit.orders import Record, Settle, Settled
from tests.commit.rig import admitted, assert_books_balance, commit, fund, money
from tests.commit.targets import flat, paid
from usage.models import CallLog, HourlyUsage
from wallet import ledger
from wallet.models import Hold, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)
NOTHING = Settled(first=False, paid=0, shortfall=0)


def test_what_was_held_and_not_used_comes_back():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 60)])
    assert commit([paid(1, wallet, 15)]).settled == [Settled(first=True, paid=15, shortfall=0)]
    assert money(wallet) == (85, 0, 0)
    entry = LedgerEntry.objects.get(kind="call")
    assert (entry.amount, entry.reference, entry.wallet_id) == (-15, "1", wallet)
    assert_books_balance()


@pytest.mark.req("M7")
def test_a_charge_above_the_hold_is_paid_down_to_the_floor():
    (wallet,) = fund(100, credit_limit=20)
    commit(reserves=[flat(1, wallet, 60)])
    assert commit([paid(1, wallet, 150)]).settled == [Settled(first=True, paid=120, shortfall=30)]
    assert money(wallet) == (-20, 0, 30)
    assert CallLog.objects.values_list("charge", "shortfall").get() == (150, 30)
    assert_books_balance()


def test_a_shortfall_stops_paid_calls_until_a_credit_has_paid_it_back():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 50), flat(2, wallet, 50)])
    commit([paid(1, wallet, 80), paid(2, wallet, 20)])  # 30 owed, then 30 come back
    assert money(wallet) == (30, 0, 30)
    assert not admitted(flat(3, wallet, 1))
    assert admitted(flat(4, wallet, 0))
    assert ledger.credit(wallet, 40, reference="a")
    assert money(wallet) == (40, 0, 0)
    assert admitted(flat(5, wallet, 40))
    assert_books_balance()


@pytest.mark.req("M8")
def test_a_hold_is_charged_once_however_often_it_is_settled():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 60)])
    settled = commit([paid(1, wallet, 10), paid(1, wallet, 10)]).settled
    assert sorted(s.paid for s in settled) == [0, 10]
    assert commit([paid(1, wallet, 10)]).settled == [NOTHING]
    assert LedgerEntry.objects.filter(kind="call").count() == 1
    assert CallLog.objects.count() == 1
    assert_books_balance()


def test_another_wallets_hold_is_not_found():
    one, two = fund(100, 100)
    commit(reserves=[flat(1, one, 60)])
    assert commit([paid(1, two, 10)]).settled == [NOTHING]
    assert_books_balance()


def test_a_release_leaves_no_row():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 60)])
    commit([Settle(1, wallet, 0, None)])
    assert money(wallet) == (100, 0, 0)
    assert not CallLog.objects.exists()
    assert not LedgerEntry.objects.filter(kind="call").exists()
    assert_books_balance()


def test_a_free_call_has_a_row_and_no_entry():
    (wallet,) = fund(0)
    commit(reserves=[flat(1, wallet, 0)])
    commit([paid(1, wallet, 0, price_source="free")])
    assert CallLog.objects.get().price_source == "free"
    assert not LedgerEntry.objects.exists()
    assert_books_balance()


def test_every_column_of_the_row_arrives():
    (wallet,) = fund(100)
    record = Record(
        kind="ok", source="playground", model="m'\"\\{},NULL é", api_key="NULL", channel="c", stream=True, status=201,
        code="x", reason="why", input_tokens=1, output_tokens=2, cached_tokens=3, cache_write_tokens=4,
        reasoning_tokens=5, audio_input_tokens=6, audio_output_tokens=7, price_id=8, price_source="upstream",
        estimated=True, latency_ms=9, ttfb_ms=10, address="2001:db8::1",
    )  # fmt: skip
    commit(reserves=[flat(1, wallet, 60)])
    commit([Settle(1, wallet, 11, record)])
    row = CallLog.objects.values().get()
    assert row == {
        "id": 1, "user_id": wallet, "charge": 11, "shortfall": 0,
        **{name: getattr(record, name) for name in Record.__slots__},
    }  # fmt: skip


def test_what_does_not_fit_is_cut_and_no_row_is_lost():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 60)])
    wide = {"model": "m\0" * 500, "reason": "é" * 999, "code": "c" * 99, "channel": "\ud800", "output_tokens": 2**40}
    assert commit([paid(1, wallet, 1, **wide)]).settled[0].first
    row = CallLog.objects.get()
    assert (row.model, row.reason, len(row.code)) == ("m" * 100, "é" * 300, 40)
    assert row.channel == "?"
    assert row.output_tokens == 2**31 - 1
    assert_books_balance()


def test_the_roll_up_sums_the_hours_rows():
    one, two = fund(1000, 1000)
    hour = 3_600_000 << 21
    commit(
        reserves=[flat(hour + n, one, 10) for n in range(4)] + [flat(2 * hour, one, 10), flat(2 * hour + 1, two, 10)]
    )
    commit([paid(hour + n, one, 5, input_tokens=3, output_tokens=2) for n in range(3)])
    commit([paid(hour + 3, one, 0, kind="error", status=400), paid(2 * hour, one, 5), paid(2 * hour + 1, two, 6)])
    rows = HourlyUsage.objects.order_by("user_id", "hour").values_list(
        "user_id", "hour", "model", "api_key", "calls", "errors", "input_tokens", "output_tokens", "paid"
    )
    assert list(rows) == [
        (one, 1, "m", "k", 3, 1, 9, 6, 15),
        (one, 2, "m", "k", 1, 0, 0, 0, 5),
        (two, 2, "m", "k", 1, 0, 0, 0, 6),
    ]
    assert_books_balance()


def test_a_refusal_writes_its_row_and_moves_no_money():
    (wallet,) = fund(100)
    refusal = Settle(5, wallet, 0, Record(kind="error", status=402, code="insufficient_quota"), held=False)
    for _ in range(2):  # again after a lost connection
        assert commit([refusal]).settled == [Settled(first=True, paid=0, shortfall=0)]
    assert CallLog.objects.get().code == "insufficient_quota"
    assert HourlyUsage.objects.values_list("calls", "errors", "paid").get() == (0, 1, 0)
    assert money(wallet) == (100, 0, 0)
    assert_books_balance()


def test_a_refusal_does_not_end_a_hold_of_the_same_id():
    (wallet,) = fund(100)
    commit(reserves=[flat(5, wallet, 10)])
    commit([Settle(5, wallet, 0, Record(kind="error"), held=False)])
    assert money(wallet) == (90, 10, 0)


@pytest.mark.req("K4")
def test_nothing_is_written_of_an_account_that_is_gone():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 10)])
    User.objects.get(pk=wallet).delete()
    note = Settle(2, wallet, 0, Record(kind="error", address="192.0.2.1"), held=False)
    assert commit([paid(1, wallet, 5, address="192.0.2.1"), note]).settled == [NOTHING, NOTHING]
    for model in (Hold, CallLog, HourlyUsage, LedgerEntry):
        assert not model.objects.exists()


def test_a_hold_that_outlived_its_account_ends_without_a_trace():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 10)])
    row = Hold.objects.values().get()
    User.objects.get(pk=wallet).delete()
    Hold.objects.create(**row)
    assert commit([paid(1, wallet, 5)]).settled == [NOTHING]
    assert not Hold.objects.exists()
    assert not CallLog.objects.exists()


def test_every_commit_returns_the_version():
    assert commit().version == 0
    Version.objects.create(pk=1, number=41)
    assert commit().version == 41
