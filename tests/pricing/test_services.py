"""Looking prices up: live ones only, three states, and the operator's fallback."""

import pytest

from pricing import prices
from pricing.models import Price, PricingPolicy
from pricing.services import fallback_rates, live_rates, rates_of
from pricing.units import Rates, Tier

USD = 10**9


def test_live_prices_come_by_model_and_channel(db, django_assert_num_queries):
    prices.set_price("a", input=1, output=1)
    prices.set_price("a", input=2, output=3)
    prices.set_price("a", "c", input=4, output=5)
    prices.set_price("b", input=6, output=7)
    prices.set_price("unasked", input=8, output=9)
    with django_assert_num_queries(1):
        found = live_rates(["a", "a", "b", "unpriced"])
    assert {key: (rates.input, rates.output) for key, rates in found.items()} == {
        ("a", ""): (2, 3), ("a", "c"): (4, 5), ("b", ""): (6, 7),
    }  # fmt: skip


def test_a_price_arrives_whole(db):
    tiers = [{"above": 200, "cached_input": 0}, {"above": 100, "input": 9, "output": 8, "cache_write": 7}]
    row = Price.objects.create(
        model="m", input=1, output=2, cached_input=3, cache_write=4, reasoning=5, audio_input=6, audio_output=7,
        per_call=8, tiers=tiers, context=9, max_output=10,
    )  # fmt: skip
    steps = (Tier(100, input=9, output=8, cache_write=7), Tier(200, cached_input=0))
    assert rates_of(row) == Rates(row.pk, "price", 1, 2, 3, 4, 5, 6, 7, 8, steps, 9, 10)


def test_a_free_model_costs_nothing_and_keeps_its_limits(db):
    row = prices.set_free("m", context=100, max_output=10)
    assert live_rates(["m"])["m", ""] == Rates(row.pk, "free", 0, 0, context=100, max_output=10)


def test_a_retired_price_is_no_price(db):
    prices.set_price("m", input=1, output=1)
    prices.retire("m")
    assert live_rates(["m"]) == {}


@pytest.mark.parametrize("terms", [{"per_image": USD}, {"per_second": USD}])
def test_a_price_of_images_or_seconds_does_not_let_tokens_pass_for_nothing(db, terms):
    prices.set_price("m", input=0, output=0, **terms)
    assert live_rates(["m"]) == {}


def test_no_models_no_prices(db):
    assert live_rates([]) == {}


def test_the_fallback_price_is_ten_and_thirty_dollars_unless_changed(db):
    assert fallback_rates() == Rates(None, "fallback", 10 * USD, 30 * USD)
    assert not PricingPolicy.objects.exists(), "reading writes nothing"
    PricingPolicy.objects.create(fallback_input=1, fallback_output=2)
    assert fallback_rates() == Rates(None, "fallback", 1, 2)


def test_there_is_no_fallback_where_the_operator_forbids_unpriced_models(db):
    PricingPolicy.objects.create(allow_unpriced=False)
    assert fallback_rates() is None
