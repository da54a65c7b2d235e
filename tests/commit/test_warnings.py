"""Thresholds turn once; the end of the money is told once."""

import pytest

from gateway.commit.orders import Settle
from notifications.models import Threshold
from tests.commit.rig import assert_books_balance, commit, fund
from tests.commit.targets import flat, paid
from wallet import ledger
from wallet.models import WalletEvent

pytestmark = pytest.mark.django_db(transaction=True)


def spend(wallet: int, first: int, *amounts: int) -> None:
    """Spend the amounts in one batch."""
    commit(reserves=[flat(first + n, wallet, amount) for n, amount in enumerate(amounts)])
    commit([paid(first + n, wallet, amount) for n, amount in enumerate(amounts)])


def events() -> list[tuple[str, int, int]]:
    return list(WalletEvent.objects.order_by("pk").values_list("kind", "total", "threshold"))


def test_a_threshold_fires_once_and_is_armed_only_by_a_credit_above_it():
    (wallet,) = fund(10_000)
    Threshold.objects.create(user_id=wallet, amount=5000)
    spend(wallet, 1, *[120] * 40)
    assert events() == []
    spend(wallet, 100, *[120] * 10)
    assert events() == [("quota.low", 4000, 5000)]
    ledger.credit(wallet, 500, reference="too little")
    spend(wallet, 200, 400)
    assert len(events()) == 1
    ledger.credit(wallet, 900, reference="enough")
    spend(wallet, 300, 1)
    assert events() == [("quota.low", 4000, 5000), ("quota.low", 4999, 5000)]
    assert_books_balance()


def test_a_hold_alone_warns_of_nothing():
    (wallet,) = fund(10_000)
    Threshold.objects.create(user_id=wallet, amount=5000)
    commit(reserves=[flat(1, wallet, 9_999)])
    commit([Settle(1, wallet, 0, None)])
    assert events() == []


def test_a_total_equal_to_the_threshold_is_not_below_it():
    (wallet,) = fund(100)
    Threshold.objects.create(user_id=wallet, amount=60)
    spend(wallet, 1, 40)
    assert events() == []
    spend(wallet, 2, 1)
    assert events() == [("quota.low", 59, 60)]


def test_each_of_several_thresholds_has_its_own_flag():
    (wallet,) = fund(100)
    for amount in (10, 50, 80):
        Threshold.objects.create(user_id=wallet, amount=amount)
    spend(wallet, 1, 60)
    assert events() == [("quota.low", 40, 80), ("quota.low", 40, 50)]
    spend(wallet, 2, 35)
    assert events()[2:] == [("quota.low", 5, 10)]


def test_the_end_of_the_money_is_told_once():
    (wallet,) = fund(100)
    spend(wallet, 1, 60)
    assert events() == []
    spend(wallet, 2, 40)
    assert events() == [("quota.exhausted", 0, 0)]
    commit(reserves=[flat(3, wallet, 0)])
    commit([paid(3, wallet, 5)])
    assert len(events()) == 1
    ledger.credit(wallet, 10, reference="a")
    spend(wallet, 4, 5)
    assert events() == [("quota.exhausted", 0, 0)] * 2
    assert_books_balance()


def test_the_warnings_of_one_wallet_are_not_anothers():
    poor, rich = fund(100, 1000)
    for wallet in (poor, rich):
        Threshold.objects.create(user_id=wallet, amount=50)
    commit(reserves=[flat(1, poor, 60), flat(2, rich, 60)])
    commit([paid(1, poor, 60), paid(2, rich, 60)])
    assert WalletEvent.objects.get().wallet_id == poor
