"""Counting tries: exact, in windows, without naming anyone."""

from ipaddress import ip_address

import pytest

from accounts import limits
from accounts.limits import Rule, TooManyTries
from accounts.models import Limit
from tests.together import together

RULE = Rule("test", ((3, 60), (5, 3600)))
NOON = 1_800_000_000.0  # a multiple of an hour


def tries(times: int, *, now: float = NOON, who: str = "someone", rule: Rule = RULE) -> int:
    """How many of so many tries are let through."""
    passed = 0
    for _ in range(times):
        try:
            limits.take(rule, who, now=now)
            passed += 1
        except TooManyTries:
            pass
    return passed


def test_the_shortest_window_stops_first(db):
    assert tries(10) == 3


def test_the_next_window_opens_and_the_longer_one_still_counts(db):
    assert tries(10) == 3
    assert tries(10, now=NOON + 60) == 2
    assert tries(10, now=NOON + 120) == 0
    assert tries(10, now=NOON + 3600) == 3


def test_a_refused_try_is_counted_in_no_window(db):
    tries(50)
    assert max(Limit.objects.values_list("tries", flat=True)) == 3


def test_everyone_has_a_count_of_their_own(db):
    assert tries(10, who="a") == tries(10, who="b") == 3


def test_rules_do_not_share_their_counts(db):
    assert tries(10) == 3
    assert tries(10, rule=Rule("other", RULE.windows)) == 3


@pytest.mark.parametrize(("second", "rest"), [(0, 60), (1, 59), (59, 1)])
def test_the_refusal_says_how_long_to_wait(db, second, rest):
    tries(3, now=NOON + second)
    with pytest.raises(TooManyTries) as refused:
        limits.take(RULE, "someone", now=NOON + second)
    assert refused.value.retry_after == rest


def test_a_right_password_takes_nothing_from_the_count(db):
    for _ in range(20):
        limits.give_back(limits.take(RULE, "someone", now=NOON))
    assert tries(10) == 3


def test_giving_back_twice_never_goes_below_none(db):
    tried = limits.take(RULE, "someone", now=NOON)
    limits.give_back(tried)
    limits.give_back(tried)
    assert tries(10) == 3


@pytest.mark.req("A3")
def test_a_hundred_failures_in_a_row_stop_for_good(db):
    rule = Rule("row", ((100, limits.FOR_GOOD),))
    assert sum(tries(30, rule=rule, now=NOON + day * limits.DAY) for day in range(5)) == 100
    with pytest.raises(TooManyTries) as refused:
        limits.take(rule, "someone", now=NOON + 365 * limits.DAY)
    assert refused.value.retry_after is None


def test_a_right_password_starts_the_row_anew(db):
    rule = Rule("row", ((3, limits.FOR_GOOD),))
    tries(2, rule=rule)
    limits.give_back(limits.take(rule, "someone", now=NOON))
    assert tries(10, rule=rule) == 3


def test_a_reset_forgives_every_window(db):
    tries(10)
    limits.forgive(RULE, "someone", now=NOON)
    assert tries(10) == 3


def test_an_ipv6_network_counts_as_one_client():
    first, second = (limits.network(ip_address(text)) for text in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"))
    assert first == second == "2001:db8:1:2::/64"
    assert limits.network(ip_address("2001:db8:1:3::1")) != first


def test_rows_name_nobody(db):
    limits.take(RULE, "203.0.113.7", now=NOON)
    stored = str(list(Limit.objects.values()))
    assert "203.0.113" not in stored
    assert "test" not in stored


def test_the_same_client_has_another_mark_tomorrow(db):
    limits.take(RULE, "203.0.113.7", now=NOON)
    today = set(Limit.objects.values_list("key", flat=True))
    Limit.objects.all().delete()
    limits.take(RULE, "203.0.113.7", now=NOON + limits.DAY)
    assert today.isdisjoint(Limit.objects.values_list("key", flat=True))


def test_old_counts_are_pruned_and_open_ones_stay(db):
    row = Rule("row", ((9, limits.FOR_GOOD),))
    limits.take(RULE, "someone", now=NOON)
    limits.take(RULE, "someone", now=NOON + 2 * limits.DAY)
    limits.take(row, "someone", now=NOON)
    assert limits.prune(NOON + 2 * limits.DAY) == 2
    assert Limit.objects.count() == 3


@pytest.mark.req("A6")
@pytest.mark.django_db(transaction=True)
def test_tries_in_parallel_do_not_slip_past_the_count():
    assert sum(together(24, lambda _: tries(1))) == 3
    assert sum(together(24, lambda _: tries(1, now=NOON + 60))) == 2
