"""Limits are budgets by natural key: money, calls in a minute, tokens in a minute, open calls."""

import pytest

from gateway.commit.orders import Hold, Limit, Record, Refused, Reserve, Settle
from tests.commit.rig import USD, admitted, assert_books_balance, commit, fund
from tests.commit.targets import flat, paid
from wallet.models import Budget

pytestmark = pytest.mark.django_db(transaction=True)


def state(kind: str) -> tuple[int, int, int]:
    return Budget.objects.values_list("limit", "spent", "held").get(kind=kind)


@pytest.mark.parametrize("kind", ["key", "playground"])
def test_a_money_limit_counts_what_was_paid(kind):
    (wallet,) = fund(1000)
    limit = Limit(kind, 5, 0, 100)
    first, second = commit(reserves=[flat(1, wallet, 60, limit), flat(2, wallet, 60, limit)]).reserved
    assert isinstance(first, Hold)
    assert second == Refused(60, 940, 60, limit)
    assert state(kind) == (100, 0, 60)
    commit([paid(1, wallet, 25)])
    assert state(kind) == (100, 25, 0)
    assert admitted(flat(3, wallet, 75, limit))
    assert not admitted(flat(4, wallet, 1, limit))
    assert_books_balance()


@pytest.mark.parametrize(
    ("source", "counted"), [("upstream", 25), ("fallback", 25), ("price", 0), ("free", 0)], ids=str
)
def test_a_cap_counts_only_what_had_no_price(source, counted):
    (wallet,) = fund(1000)
    limit = Limit("cap", 5, 0, 100)
    first, second = commit(reserves=[flat(1, wallet, 60, limit), flat(2, wallet, 60, limit)]).reserved
    assert isinstance(first, Hold)
    assert second == Refused(60, 940, 60, limit)
    commit([Settle(1, wallet, 25, Record(price_source=source))])
    assert state("cap") == (100, counted, 0)
    assert admitted(flat(3, wallet, 100 - counted, limit))
    assert not admitted(flat(4, wallet, 1, limit))
    assert_books_balance()


def test_a_money_limit_shrinks_the_bound_but_a_full_count_does_not():
    (wallet,) = fund(1000 * USD)
    tight, roomy = Limit("cap", 2, 0, 3 * USD // 100), Limit("key", 1, 0, 10 * USD)
    tokens = Limit("tpm", 3, 60, 10**9)
    order = Reserve(1, wallet, 0, 0, 10 * USD, 100_000, None, (roomy, tokens, tight))
    assert commit(reserves=[order]).reserved == [Hold(1, wallet, 30_000_000, 3_000)]
    assert_books_balance()


def test_the_used_up_limit_is_named():
    (wallet,) = fund(1000)
    roomy, full = Limit("key", 1, 0, 500), Limit("cap", 2, 0, 10)
    assert commit(reserves=[flat(1, wallet, 11, roomy, full)]).reserved == [Refused(11, 1000, 0, full)]
    assert state("key") == (500, 0, 0)


def test_an_empty_wallet_is_said_before_a_full_limit():
    (wallet,) = fund(5)
    assert commit(reserves=[flat(1, wallet, 11, Limit("key", 1, 0, 0))]).reserved == [Refused(11, 5, 0)]


def test_calls_in_a_minute_are_counted_for_good():
    (wallet,) = fund(1000)
    limit = Limit("rpm", wallet, 60, 2)
    commit(reserves=[flat(1, wallet, 1, limit)])
    commit([Settle(1, wallet, 0, None)])
    assert state("rpm") == (2, 1, 0)
    assert admitted(flat(2, wallet, 1, limit))
    commit([paid(2, wallet, 1)])
    assert commit(reserves=[flat(3, wallet, 1, limit)]).reserved == [Refused(1, 999, 0, limit)]
    assert admitted(flat(4, wallet, 1, Limit("rpm", wallet, 120, 2)))
    assert_books_balance()


def test_a_refused_call_does_not_count_in_its_minute():
    (wallet,) = fund(10)
    limit = Limit("rpm", wallet, 60, 5)
    assert not admitted(flat(1, wallet, 11, limit))
    assert state("rpm") == (5, 0, 0)


def test_tokens_in_a_minute_are_held_as_estimate_plus_bound_and_corrected():
    (wallet,) = fund(USD)
    limit = Limit("tpm", wallet, 60, 1000)
    commit(reserves=[Reserve(1, wallet, 300, 0, 1, 5000, 500, (limit,))])
    assert state("tpm") == (1000, 0, 800)
    assert commit(reserves=[Reserve(2, wallet, 101, 0, 1, 5000, 100, (limit,))]).reserved == [
        Refused(1, USD - 1, 1, limit)
    ]
    commit([paid(1, wallet, 1, input_tokens=310, output_tokens=20)])
    assert state("tpm") == (1000, 330, 0)
    assert admitted(Reserve(3, wallet, 570, 0, 1, 5000, 100, (limit,)))
    commit([Settle(3, wallet, 0, None)])
    assert state("tpm") == (1000, 330, 0)
    assert_books_balance()


@pytest.mark.req("N12")
@pytest.mark.parametrize("kind", ["parallel", "streams"])
def test_open_calls_are_counted_until_they_end(kind):
    (wallet,) = fund(1000)
    limit = Limit(kind, wallet, 0, 2)
    first, second, third = commit(reserves=[flat(n, wallet, 1, limit) for n in (1, 2, 3)]).reserved
    assert isinstance(first, Hold)
    assert isinstance(second, Hold)
    assert third == Refused(1, 998, 2, limit)
    commit([paid(1, wallet, 1), Settle(2, wallet, 0, None)])
    assert state(kind) == (2, 0, 0)
    assert_books_balance()


def test_a_limit_that_changed_holds_at_once():
    (wallet,) = fund(1000)
    assert admitted(flat(1, wallet, 50, Limit("key", 1, 0, 50)))
    assert not admitted(flat(2, wallet, 1, Limit("key", 1, 0, 40)))
    assert state("key") == (40, 0, 50)
    assert admitted(flat(3, wallet, 10, Limit("key", 1, 0, 60)))
    assert state("key") == (60, 0, 60)
    assert_books_balance()


def test_each_wallet_kind_owner_and_period_has_its_own_budget():
    one, two = fund(1000, 1000)
    orders = [
        flat(1, one, 5, Limit("key", 1, 0, 5)),
        flat(2, one, 5, Limit("key", 2, 0, 5)),
        flat(3, one, 5, Limit("cap", 1, 0, 5)),
        flat(4, one, 5, Limit("key", 1, 60, 5)),
        flat(5, two, 5, Limit("key", 1, 0, 5)),
    ]
    assert all(isinstance(result, Hold) for result in commit(reserves=orders).reserved)
    assert Budget.objects.filter(spent=0, held=5).count() == 5
    assert_books_balance()


def test_a_call_may_have_any_number_of_limits():
    (wallet,) = fund(1000)
    limits = tuple(Limit("key", owner, 0, 100) for owner in range(12))
    assert admitted(flat(1, wallet, 7, *limits))
    commit([paid(1, wallet, 3)])
    assert list(Budget.objects.values_list("spent", "held")) == [(3, 0)] * 12


def test_a_pruned_budget_does_not_stop_its_settlement():
    (wallet,) = fund(1000)
    commit(reserves=[flat(1, wallet, 7, Limit("key", 1, 0, 100), Limit("rpm", 1, 60, 9))])
    Budget.objects.filter(kind="rpm").delete()
    assert commit([paid(1, wallet, 3)]).settled[0].first
    assert state("key") == (100, 3, 0)
    assert_books_balance()
