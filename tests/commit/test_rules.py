"""The arithmetic of a commit, without a database."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.commit import rules
from gateway.commit.orders import Hold, Limit, Refused, Reserve

money = st.integers(0, 10**15)
tokens = st.integers(0, 10**7)
kinds = st.sampled_from(["key", "cap", "playground", "rpm", "tpm", "parallel", "streams"])


@st.composite
def reserves(draw):
    limits = draw(st.lists(st.builds(Limit, kinds, st.integers(0, 3), st.just(0), money), max_size=4, unique=True))
    return Reserve(
        1, 1, draw(tokens), draw(money), draw(st.integers(0, 10**12)), draw(st.integers(1, 10**6)),
        draw(st.none() | tokens), tuple({(limit.kind, limit.owner): limit for limit in limits}.values()),
    )  # fmt: skip


@st.composite
def wallets(draw):
    limit = draw(money)
    return rules.Wallet(1, draw(st.integers(-limit, 10**15)), limit, draw(money), draw(st.just(0) | money))


@pytest.mark.req("M3")
@given(reserves(), wallets(), st.lists(money, min_size=12, max_size=12))
def test_a_hold_never_takes_more_than_there_is(order, wallet, used):
    total, owed = wallet.total, wallet.owed
    budgets = {
        rules.key_of(order, limit): rules.Budget(n, limit.kind, 0, used[2 * n], used[2 * n + 1])
        for n, limit in enumerate(order.limits)
    }
    before = {key: dataclasses.replace(budget, limit=0) for key, budget in budgets.items()}
    result = rules.reserve(order, wallet, budgets, default_bound=16_384)
    assert wallet.total == total
    if isinstance(result, Hold):
        assert result.amount == order.prompt_cost + rules.price(order.output_rate, result.bound)
        assert result.bound <= order.model_limit
        assert owed == 0 or result.amount == 0
        assert wallet.balance >= -wallet.credit_limit
        for limit in order.limits:
            budget, old = budgets[rules.key_of(order, limit)], before[rules.key_of(order, limit)]
            taken = budget.asked(amount=result.amount, tokens=order.prompt_tokens + result.bound)
            assert taken == 0 or budget.spent + budget.held <= limit.amount
            budget.settle(taken, paid=0, used=0)
            assert (budget.spent, budget.held) == (old.spent + (limit.kind == "rpm"), old.held)
    else:
        assert {key: dataclasses.replace(budget, limit=0) for key, budget in budgets.items()} == before


@pytest.mark.req("M7")
@given(wallets(), money, money)
def test_a_settlement_pays_down_to_the_floor_and_notes_the_rest(wallet, amount, charge):
    wallet.held += amount
    total, owed = wallet.total, wallet.owed
    paid = wallet.settle(amount, charge)
    assert wallet.total == total - paid
    assert wallet.owed - owed == charge - paid
    assert wallet.balance >= -wallet.credit_limit
    assert paid == charge or wallet.balance == -wallet.credit_limit


@given(st.integers(0, 10**13), st.integers(0, 10**6))
def test_a_price_is_rounded_up_once(rate, count):
    assert rules.price(rate, count) * rules.PER_MILLION - rate * count in range(rules.PER_MILLION)


@given(reserves(), st.integers(0, 10**15), st.integers(0, 10**15))
def test_the_bound_is_the_largest_that_can_be_paid(order, free, tight):
    open_ended = dataclasses.replace(order, client_max=None)
    bound = rules.pick_bound(open_ended, free=free, tight=tight, default_bound=16_384)
    if bound not in {open_ended.model_limit, 16_384, rules.LEAST_BOUND}:
        assert order.prompt_cost + rules.price(order.output_rate, bound) <= tight
        assert order.prompt_cost + rules.price(order.output_rate, bound + 1) > tight


def test_a_negative_charge_is_no_credit():
    with pytest.raises(ValueError, match="negative"):
        rules.Wallet(1, 100, 0, 50, 0).settle(50, -1)


def test_without_a_wallet_nothing_is_free():
    order = Reserve(1, 1, 0, 0, 0, 100, limits=(Limit("key", 1, 0, 5),))
    assert rules.reserve(order, None, {}, default_bound=16_384) == Refused(0, 0, 0)
