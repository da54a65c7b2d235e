"""The arithmetic of a charge: exact, rounded once, and never above what was held."""

import math
import timeit
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.services import charge, output_rate, prompt_cost
from pricing.units import Rates, Tier, Units
from tests.pricing.strategies import PPM, TOKENS, rates, usages

LIST_PRICE = 1_000_000  # parts per million
USD = 10**9
# $2 input, $8 output, $0.50 cached, $2.50 cache write, $10 reasoning, $6 audio in, $24 audio out, per million
FULL = Rates(1, "price", 2 * USD, 8 * USD, USD // 2, 5 * USD // 2, 10 * USD, audio_input=6 * USD, audio_output=24 * USD)
PLAIN = Rates(1, "price", 2 * USD, 8 * USD)
TIERED = replace(PLAIN, cached_input=USD // 2, tiers=(Tier(1000, input=4 * USD, output=12 * USD, cached_input=USD),))


@pytest.mark.parametrize(
    ("units", "nano"),
    [
        (Units(), 0),
        (Units(input=1000), 2_000_000),
        (Units(output=1000), 8_000_000),
        (Units(input=1000, cached=400), 600 * 2000 + 400 * 500),
        (Units(input=1000, cache_write=400), 600 * 2000 + 400 * 2500),
        (Units(input=1000, audio_input=400), 600 * 2000 + 400 * 6000),
        (Units(output=1000, reasoning=600), 400 * 8000 + 600 * 10_000),
        (Units(output=1000, audio_output=600), 400 * 8000 + 600 * 24_000),
        (
            Units(1000, 1000, cached=100, cache_write=200, reasoning=300, audio_input=400, audio_output=500),
            300 * 2000 + 100 * 500 + 200 * 2500 + 400 * 6000 + 200 * 8000 + 300 * 10_000 + 500 * 24_000,
        ),
    ],
)
def test_each_kind_of_token_costs_its_own_rate(units, nano):
    assert charge(FULL, units, LIST_PRICE) == nano


def test_kinds_without_a_rate_cost_what_their_direction_costs():
    mixed = Units(1000, 1000, cached=100, cache_write=200, reasoning=300, audio_input=400, audio_output=500)
    assert charge(PLAIN, mixed, LIST_PRICE) == charge(PLAIN, Units(1000, 1000), LIST_PRICE) == 10_000_000


def test_a_rate_of_zero_is_a_rate():
    assert charge(replace(PLAIN, cached_input=0), Units(1000, cached=1000), LIST_PRICE) == 0


def test_the_flat_price_of_a_call_is_added_once():
    assert charge(replace(PLAIN, per_call=5_000_000), Units(1000), LIST_PRICE) == 7_000_000


@pytest.mark.parametrize(("prompt", "nano"), [(1000, 1000 * 2000 + 8_000_000), (1001, 1001 * 4000 + 12_000_000)])
def test_a_tier_holds_for_the_whole_request_above_its_size(prompt, nano):
    assert charge(TIERED, Units(prompt, 1000), LIST_PRICE) == nano


def test_a_tier_has_its_own_cached_rate_and_keeps_what_it_does_not_name():
    assert charge(TIERED, Units(2000, cached=2000), LIST_PRICE) == 2000 * 1000
    silent = replace(TIERED, tiers=(Tier(1000, input=4 * USD),))
    assert charge(silent, Units(2000, 1000, cached=2000), LIST_PRICE) == 2000 * 500 + 1000 * 8000


def test_cached_tokens_without_a_cached_rate_cost_the_tiers_input_rate():
    bare = replace(PLAIN, tiers=(Tier(1000, input=4 * USD),))
    assert charge(bare, Units(2000, cached=2000), LIST_PRICE) == 2000 * 4000


def test_the_highest_tier_that_is_reached_counts():
    steps = replace(PLAIN, tiers=(Tier(10, input=3 * USD), Tier(20, input=5 * USD)))
    assert [charge(steps, Units(prompt), LIST_PRICE) for prompt in (10, 11, 20, 21)] == [
        20_000,
        33_000,
        60_000,
        105_000,
    ]


@pytest.mark.parametrize(("ppm", "nano"), [(0, 0), (500_000, 1), (1_000_000, 2), (1_250_000, 3), (1_249_999, 2)])
def test_the_multiplier_is_rounded_half_up_once(ppm, nano):
    assert charge(Rates(1, "price", 1_000_000, 0), Units(input=2), ppm) == nano


def test_halves_of_two_parts_are_not_rounded_apart():
    half = Rates(1, "price", 500_000, 500_000)  # half a nano-USD per token
    assert charge(half, Units(1, 1), LIST_PRICE) == 1
    assert charge(half, Units(1, 0), LIST_PRICE) == 1
    assert charge(half, Units(0, 0), LIST_PRICE) == 0


@pytest.mark.parametrize(
    ("units", "nano"),
    [
        (Units(input=100, cached=500), 100 * 500),
        (Units(input=100, cached=500, cache_write=500, audio_input=40), 40 * 6000 + 60 * 2500),
        (Units(output=100, reasoning=500), 100 * 10_000),
        (Units(output=100, reasoning=80, audio_output=80), 80 * 24_000 + 20 * 10_000),
        (Units(input=-5, output=-5), 0),
        (Units(input=100, cached=-50), 100 * 2000),
    ],
)
def test_parts_beyond_the_whole_are_cut_and_dearer_kinds_go_first(units, nano):
    assert charge(FULL, units, LIST_PRICE) == nano


@given(rates(), st.data(), PPM)
def test_a_charge_is_the_exact_sum_rounded_half_up(price, data, ppm):
    units = data.draw(usages(prompt=3_000_000, bound=3_000_000))
    assert charge(price, units, ppm) == math.floor(reference(price, units) * ppm / LIST_PRICE + Fraction(1, 2))


def reference(price: Rates, units: Units) -> Fraction:
    """Return the unrounded cost, computed another way: one rate looked up for every kind in a table."""
    reached = [tier for tier in price.tiers if units.input > tier.above]
    table = {name: getattr(price, name) for name in ("input", "output", "cached_input", "cache_write")}
    if reached:
        table |= {name: value for name in table if (value := getattr(reached[-1], name)) is not None}
    kinds = {
        "input": [(units.audio_input, price.audio_input), (units.cache_write, table["cache_write"]),
                  (units.cached, table["cached_input"])],
        "output": [(units.audio_output, price.audio_output), (units.reasoning, price.reasoning)],
    }  # fmt: skip
    total = Fraction(price.per_call)
    for whole, parts in kinds.items():
        left = max(0, getattr(units, whole))
        for tokens, rate in parts:
            taken = min(max(0, tokens), left)
            left -= taken
            total += Fraction(taken * (table[whole] if rate is None else rate), 10**6)
        total += Fraction(left * table[whole], 10**6)
    return total


@pytest.mark.req("M3")
@given(rates(), st.data(), PPM, TOKENS, TOKENS)
def test_no_usage_within_estimate_and_bound_costs_more_than_was_held(price, data, ppm, prompt, bound):
    units = data.draw(usages(prompt=prompt, bound=bound))
    per_token = output_rate(price, prompt, ppm)
    assert charge(price, units, ppm) <= prompt_cost(price, prompt, ppm) + -(-per_token * bound // 10**6)


@given(rates(), PPM, TOKENS, st.integers(1, 128))
def test_several_answers_are_held_for_like_one_answer_each(price, ppm, prompt, copies):
    one, all_of_them = output_rate(price, prompt, ppm), output_rate(price, prompt, ppm, copies=copies)
    assert (one - 1) * copies < all_of_them <= one * copies or all_of_them == one == 0


@given(rates(), st.data(), PPM)
def test_a_charge_is_a_whole_number_and_never_negative(price, data, ppm):
    nano = charge(price, data.draw(usages(prompt=3_000_000, bound=3_000_000)), ppm)
    assert type(nano) is int
    assert nano >= 0


def test_the_bound_covers_reasoning_cache_writes_and_audio():
    assert prompt_cost(FULL, 1000, LIST_PRICE) == 1000 * 6000
    assert prompt_cost(replace(FULL, audio_input=None), 1000, LIST_PRICE) == 1000 * 2500
    assert output_rate(FULL, 1000, LIST_PRICE) == 24 * USD
    assert output_rate(replace(FULL, audio_output=None), 1000, LIST_PRICE, copies=3) == 30 * USD


def test_the_bound_counts_tiers_that_the_prompt_can_reach():
    assert prompt_cost(TIERED, 1000, LIST_PRICE) == 1000 * 2000
    assert prompt_cost(TIERED, 1001, LIST_PRICE) == 1001 * 4000
    assert output_rate(TIERED, 1000, LIST_PRICE) == 8 * USD
    assert output_rate(TIERED, 1001, LIST_PRICE) == 12 * USD


def test_bounds_are_rounded_up():
    crumb = Rates(1, "price", 1, 1)
    assert prompt_cost(crumb, 1, LIST_PRICE) == 1
    assert output_rate(crumb, 1, 1) == 1


def test_a_free_model_holds_and_costs_nothing():
    free = Rates(1, "free", 0, 0)
    assert charge(free, Units(10**6, 10**6), LIST_PRICE) == 0
    assert prompt_cost(free, 10**6, LIST_PRICE) == output_rate(free, 10**6, LIST_PRICE) == 0


def test_a_charge_takes_a_few_microseconds():
    units = Units(12_000, 800, cached=8_000, reasoning=300)
    seconds = min(timeit.repeat(lambda: charge(TIERED, units, LIST_PRICE), number=10_000, repeat=5)) / 10_000
    assert seconds < 10e-6  # about 2 on an idle machine
    assert charge(TIERED, units, LIST_PRICE) == 4_000 * 4000 + 8_000 * 1000 + 800 * 12_000
