"""When an account is warned: saved, shown, and never forgotten."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.money import LARGEST, NANO
from notifications import thresholds
from notifications.models import Threshold
from notifications.thresholds import InvalidThreshold
from tests.scale import scaled
from tests.together import together
from wallet import ledger
from wallet.models import LedgerEntry


@pytest.fixture
def wealthy(user):
    """An account with $10."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 10 * NANO, reference="ten")
    return user


def test_a_new_wallet_is_warned_at_a_dollar(wealthy):
    assert thresholds.of(wealthy.pk) == thresholds.Thresholds(main=NANO)


def test_an_account_without_a_wallet_has_none_and_may_choose(user):
    assert thresholds.of(user.pk) == thresholds.Thresholds()
    assert thresholds.save(user, main=NANO) == thresholds.Thresholds(main=NANO, fired=frozenset([NANO]))


def test_what_is_above_the_total_counts_as_told(wealthy):
    saved = thresholds.save(wealthy, main=10 * NANO, further=[20 * NANO, 2 * NANO])
    assert saved == thresholds.Thresholds(10 * NANO, (20 * NANO, 2 * NANO), frozenset([20 * NANO]))


def test_what_is_left_out_stays(wealthy):
    thresholds.save(wealthy, main=5 * NANO, further=[3 * NANO])
    assert thresholds.save(wealthy, main=4 * NANO).further == (3 * NANO,)
    assert thresholds.save(wealthy, further=[2 * NANO]).main == 4 * NANO


def test_zero_turns_the_main_one_off_and_leaves_the_others(wealthy):
    thresholds.save(wealthy, further=[2 * NANO])
    assert thresholds.save(wealthy, main=0) == thresholds.Thresholds(0, (2 * NANO,))


@pytest.mark.req("J10")
def test_saving_the_same_again_tells_nothing_again(wealthy):
    thresholds.save(wealthy, main=5 * NANO)
    Threshold.objects.update(fired=True)
    ledger.debit(wealthy.pk, 6 * NANO, reference="spent")
    assert thresholds.save(wealthy, main=5 * NANO, further=[]).fired == {5 * NANO}


def test_a_flag_goes_along_where_a_further_one_becomes_the_main_one(wealthy):
    thresholds.save(wealthy, main=5 * NANO, further=[20 * NANO])
    saved = thresholds.save(wealthy, main=20 * NANO, further=[5 * NANO])
    assert saved == thresholds.Thresholds(20 * NANO, (5 * NANO,), frozenset([20 * NANO]))


def test_only_a_credit_up_to_the_mark_arms_it_again(wealthy):
    thresholds.save(wealthy, main=12 * NANO)
    ledger.credit(wealthy.pk, NANO, reference="one")
    assert thresholds.of(wealthy.pk).fired == {12 * NANO}
    ledger.credit(wealthy.pk, NANO, reference="another")
    assert not thresholds.of(wealthy.pk).fired


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ({"main": -1}, "threshold"),
        ({"main": LARGEST + 1}, "threshold"),
        ({"further": [1, 2, 3, 4, 5, 6]}, "further_thresholds"),
        ({"further": [0]}, "further_thresholds"),
        ({"further": [7, 7]}, "further_thresholds"),
        ({"main": 7, "further": [7]}, "further_thresholds"),
        ({"further": [NANO]}, "further_thresholds"),
    ],
)
def test_what_is_no_threshold_is_refused_by_field_and_nothing_changes(wealthy, given_, field):
    before = thresholds.of(wealthy.pk)
    with pytest.raises(InvalidThreshold) as refused:
        thresholds.save(wealthy, **given_)
    assert refused.value.field == field
    assert thresholds.of(wealthy.pk) == before


AMOUNTS = st.integers(1, 30)
SAVES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"main": st.integers(0, 30)}),
        st.fixed_dictionaries({"further": st.lists(AMOUNTS, max_size=7)}),
        st.fixed_dictionaries({"main": st.integers(0, 30), "further": st.lists(AMOUNTS, max_size=7)}),
    ),
    max_size=8,
)


@settings(
    max_examples=scaled(2000, least=60),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(saves=SAVES, total=st.integers(0, 30))
def test_no_sequence_of_saves_loses_or_invents_anything(user, saves, total):
    Threshold.objects.filter(user=user).delete()
    ledger.open_wallet(user.pk)
    Threshold.objects.filter(user=user).delete()
    have = ledger.balance(user.pk).total
    if total > have:
        ledger.credit(user.pk, total - have, reference=f"{LedgerEntry.objects.count()}")
    elif total < have:
        ledger.debit(user.pk, have - total, reference=f"{LedgerEntry.objects.count()}")
    main, further = 0, ()
    for saved in saves:
        new_main, new_further = saved.get("main", main), tuple(saved.get("further", further))
        amounts = [new_main, *new_further]
        if len(new_further) > thresholds.MOST or len(set(amounts)) != len(amounts):
            with pytest.raises(InvalidThreshold):
                thresholds.save(user, **saved)
        else:
            thresholds.save(user, **saved)
            main, further = new_main, tuple(sorted(new_further, reverse=True))
    now = thresholds.of(user.pk)
    assert (now.main, now.further) == (main, further)
    assert now.fired == {amount for amount in (main, *further) if amount > total}


@pytest.mark.django_db(transaction=True)
def test_many_saves_at_once_leave_one_main_threshold(wealthy):
    together(6, lambda n: thresholds.save(wealthy, main=(n + 1) * NANO))
    assert Threshold.objects.filter(user=wealthy, main=True).count() == 1
    assert Threshold.objects.filter(user=wealthy).count() == 1
