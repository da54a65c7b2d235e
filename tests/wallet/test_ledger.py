"""Money moved by people: credits once, debits down to the floor, owed first."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TransactionTestCase

from accounts.models import Group, User
from common.money import LARGEST, NANO
from notifications.models import Threshold
from wallet import ledger, verify
from wallet.ledger import Balance, InsufficientBalance, InvalidEntry, NoWallet
from wallet.models import LedgerEntry, Wallet


@pytest.fixture
def wallet(user: User) -> int:
    ledger.open_wallet(user.pk)
    return user.pk


def entries(wallet: int) -> list[tuple[str, int, str]]:
    rows = LedgerEntry.objects.filter(wallet_id=wallet).order_by("pk")
    return list(rows.values_list("kind", "amount", "reference"))


def test_a_new_wallet_is_empty_and_will_warn_below_a_dollar(wallet):
    ledger.open_wallet(wallet)  # again: nothing happens
    assert ledger.balance(wallet) == Balance()
    assert Threshold.objects.values_list("amount", "fired").get() == (NANO, True)


def test_reading_a_balance_makes_no_wallet(user):
    assert ledger.balance(user.pk) == Balance(free=0, held=0, owed=0, credit_limit=0)
    assert not Wallet.objects.exists()


def test_opening_again_does_not_bring_a_deleted_warning_back(wallet):
    Threshold.objects.all().delete()
    ledger.open_wallet(wallet)
    assert not Threshold.objects.exists()


@pytest.mark.req("M8")
def test_a_credit_counts_once_by_kind_and_reference(wallet):
    assert ledger.credit(wallet, 5 * NANO, reference="invoice 7", note="thanks")
    assert not ledger.credit(wallet, 9 * NANO, reference="invoice 7")
    assert ledger.credit(wallet, NANO, kind=LedgerEntry.Kind.START, reference="invoice 7")
    assert ledger.balance(wallet).free == 6 * NANO
    assert entries(wallet) == [("credit", 5 * NANO, "invoice 7"), ("start", NANO, "invoice 7")]
    assert LedgerEntry.objects.get(kind="credit").note == "thanks"
    assert verify.check() == []


def test_a_start_credit_of_a_dollar_arms_the_warning(wallet):
    ledger.credit(wallet, NANO - 1, reference="a")
    assert Threshold.objects.get().fired
    ledger.credit(wallet, 1, reference="b")
    assert not Threshold.objects.get().fired


def test_a_credit_arms_only_the_warnings_it_rises_above(wallet):
    Threshold.objects.create(user_id=wallet, amount=10 * NANO, fired=True)
    ledger.credit(wallet, 3 * NANO, reference="a")
    assert list(Threshold.objects.order_by("amount").values_list("fired", flat=True)) == [False, True]


def test_a_repeated_credit_arms_nothing(wallet):
    ledger.credit(wallet, 3 * NANO, reference="a")
    Threshold.objects.update(fired=True)
    assert not ledger.credit(wallet, 3 * NANO, reference="a")
    assert Threshold.objects.get().fired


@pytest.mark.parametrize(("amount", "free", "owed"), [(30, 0, 70), (100, 0, 0), (130, 30, 0)])
def test_what_is_owed_is_paid_back_first(wallet, amount, free, owed):
    Wallet.objects.update(owed=100)
    ledger.credit(wallet, amount, reference="a")
    assert ledger.balance(wallet) == Balance(free=free, owed=owed)
    assert entries(wallet) == [("credit", amount, "a"), ("owed", -min(amount, 100), "credit:a")]
    assert verify.check() == []


def test_a_debit_stops_at_the_floor(wallet):
    ledger.credit(wallet, 100, reference="a")
    with pytest.raises(InsufficientBalance, match="101 nano-USD needed, 100 free") as refusal:
        ledger.debit(wallet, 101, reference="b")
    assert (refusal.value.needed, refusal.value.free) == (101, 100)
    assert entries(wallet) == [("credit", 100, "a")]
    assert ledger.debit(wallet, 100, reference="b")
    assert not ledger.debit(wallet, 100, reference="b")
    assert ledger.balance(wallet).free == 0
    assert verify.check() == []


def test_a_credit_limit_lowers_the_floor_and_is_not_taken_below_what_is_used(wallet):
    ledger.set_credit_limit(wallet, 50)
    ledger.debit(wallet, 40, reference="a")
    assert ledger.balance(wallet) == Balance(free=-40, credit_limit=50)
    with pytest.raises(InsufficientBalance):
        ledger.set_credit_limit(wallet, 39)
    ledger.set_credit_limit(wallet, 40)
    ledger.credit(wallet, 40, reference="b")
    ledger.set_credit_limit(wallet, 0)
    assert verify.check() == []


@pytest.mark.req("M4")
@pytest.mark.parametrize("amount", [0, -1, 1.5, True, float("nan"), LARGEST + 1, "5"])
def test_an_amount_is_whole_nano_usd_above_zero(wallet, amount):
    for verb in (ledger.credit, ledger.debit):
        with pytest.raises(InvalidEntry, match="amount"):
            verb(wallet, amount, reference="a")
    assert ledger.balance(wallet) == Balance()


@pytest.mark.parametrize("limit", [-1, LARGEST + 1])
def test_a_credit_limit_is_no_less_than_zero(wallet, limit):
    with pytest.raises(InvalidEntry, match="limit"):
        ledger.set_credit_limit(wallet, limit)


def test_a_balance_fits_in_63_bits(wallet):
    ledger.credit(wallet, LARGEST, reference="a")
    with pytest.raises(InvalidEntry, match="63 bits"):
        ledger.credit(wallet, 1, reference="b")
    assert ledger.balance(wallet).free == LARGEST
    assert verify.check() == []


@pytest.mark.parametrize(("reference", "note"), [("", ""), ("r" * 81, ""), ("a\0", ""), ("a", "n" * 201), ("a", "\0")])
def test_references_and_notes_fit_their_columns(wallet, reference, note):
    with pytest.raises(InvalidEntry):
        ledger.credit(wallet, 1, reference=reference, note=note)
    assert entries(wallet) == []


def test_without_a_wallet_nothing_moves(user):
    for verb in (ledger.credit, ledger.debit):
        with pytest.raises(NoWallet):
            verb(user.pk, 1, reference="a")
    with pytest.raises(NoWallet):
        ledger.set_credit_limit(user.pk, 1)
    assert not LedgerEntry.objects.exists()


def test_a_verb_is_part_of_its_callers_transaction(wallet):
    with transaction.atomic():
        ledger.credit(wallet, 5, reference="a")
        transaction.set_rollback(True)
    assert entries(wallet) == []
    assert ledger.credit(wallet, 5, reference="a")


@pytest.mark.req("M10")
def test_entries_are_never_changed(wallet):
    ledger.credit(wallet, 5, reference="a")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        LedgerEntry.objects.update(amount=6)
    assert entries(wallet) == [("credit", 5, "a")]


def test_an_account_takes_its_money_along(wallet, user):
    ledger.credit(wallet, 5, reference="a")
    user.delete()
    for model in (Wallet, LedgerEntry, Threshold):
        assert not model.objects.exists()


@pytest.mark.req("M1")
@pytest.mark.django_db(transaction=True)
def test_funds_for_one_debit_are_spent_once_by_many_threads(user):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 100, reference="a")
    gate = threading.Barrier(8)

    def spend(n: int) -> bool:
        try:
            gate.wait()
            return ledger.debit(user.pk, 100, reference=f"b{n}")
        except InsufficientBalance:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(8))) == 1
    assert ledger.balance(user.pk).free == 0
    assert verify.check() == []


@pytest.mark.django_db(transaction=True)
def test_one_credit_given_by_many_threads_counts_once(user):
    ledger.open_wallet(user.pk)
    gate = threading.Barrier(8)

    def give(_: int) -> bool:
        try:
            gate.wait()
            return ledger.credit(user.pk, 100, reference="the same")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(give, range(8))) == 1
    assert ledger.balance(user.pk).free == 100
    assert verify.check() == []


class Arithmetic(TransactionTestCase):
    """Any sequence of verbs leaves the sum of the ledger, and a balance above its floor."""

    @pytest.mark.req("M4")
    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(st.tuples(st.sampled_from(["credit", "debit", "limit", "owe"]), st.integers(1, 10**15)), max_size=12)
    )
    def test_any_sequence_of_verbs_adds_up(self, steps):
        group = Group.objects.get_or_create(is_default=True, defaults={"name": "default"})[0]
        user = User.objects.create_user("mei", "mei@example.com", group=group)
        ledger.open_wallet(user.pk)
        booked = owed = 0
        for number, (verb, amount) in enumerate(steps):
            before = ledger.balance(user.pk)
            if verb == "credit":
                ledger.credit(user.pk, amount, reference=str(number))
                back = min(owed, amount)
                booked, owed = booked + amount - back, owed - back
            elif verb == "debit" and before.free + before.credit_limit >= amount:
                ledger.debit(user.pk, amount, reference=str(number))
                booked -= amount
            elif verb == "limit" and before.free >= -amount:
                ledger.set_credit_limit(user.pk, amount)
            elif verb == "owe":
                Wallet.objects.filter(pk=user.pk).update(owed=owed + amount)
                owed += amount
            after = ledger.balance(user.pk)
            assert (after.free, after.owed) == (booked, owed)
            assert after.free >= -after.credit_limit
        assert verify.check() == []
        user.delete()
