"""The bundled price list: what is taken from it, what is left out, and that it costs what its own calculator says."""

import os
import random
import socket
import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.types import (
    ClauseAnd,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    ModelInfo,
    ModelPrice,
    TieredPrices,
    TimeOfDateConstraint,
)
from genai_prices.types import Tier as ListedTier

from pricing import catalogue, prices
from pricing.models import Price
from pricing.services import charge, live_rates, rates_of
from pricing.units import Units

TODAY = date(2026, 11, 23)
USD = 10**9
HOURS = [
    datetime.combine(TODAY, time(hour, 45), UTC) for hour in (0, 2, 5, 8, 12, 20)
]  # inside and outside of every peak


@pytest.fixture(scope="module")
def listed() -> dict[str, Price]:
    """The bundled list by name."""
    return {row.model: row for row in catalogue.first_party(TODAY)}


def makers_of(name: str) -> list[str]:
    """Return the makers on whose list the calculator finds the name, in the catalogue's order."""
    found = {each.id for each in providers if each.find_model(name)}
    return [maker for maker in catalogue.MAKERS if maker in found]


def sample(chance: random.Random) -> Units:
    """Return a consistent usage; one in three has a long prompt, so that tiers are met."""
    whole = chance.randrange(600_000) if chance.random() < 0.3 else chance.randrange(20_000)
    cached, write, audio = sorted(chance.randrange(whole // 2 + 1) // 2 for _ in range(3))
    output = chance.randrange(8_000)
    return Units(whole, output, cached, write, reasoning=chance.randrange(output + 1), audio_input=audio)


def calculated(name: str, maker: str, units: Units, now: datetime) -> int:
    """Return what genai-prices' own calculator says, in nano-USD rounded half up."""
    usage = Usage(
        input_tokens=units.input, output_tokens=units.output, cache_read_tokens=units.cached,
        cache_write_tokens=units.cache_write, output_reasoning_tokens=units.reasoning,
        input_audio_tokens=units.audio_input, cache_audio_read_tokens=0,
    )  # fmt: skip
    usd = calc_price(usage, name, provider_id=maker, genai_request_timestamp=now).total_price
    return int(Fraction(usd) * USD + Fraction(1, 2))


def test_every_listed_model_costs_what_the_calculator_says(listed):
    chance = random.Random(7)
    compared = 0
    for name, row in listed.items():
        maker = makers_of(name)[0]
        for _ in range(3):
            units = sample(chance)
            ours = charge(rates_of(row), units, 1_000_000)
            theirs = {calculated(name, maker, units, now) for now in HOURS}
            # the one rule by which they differ: where the hour decides, the gate charges the dearest hour of the day
            assert ours == max(theirs), (name, units)
            compared += 1
    assert compared >= 1200
    assert len(listed) >= 400


def test_only_peak_hours_set_the_two_apart(listed):
    units = Units(10_000, 1_000, cached=5_000)
    hourly = {name for name in listed if len({calculated(name, makers_of(name)[0], units, now) for now in HOURS}) > 1}
    assert hourly
    assert all(name.startswith("deepseek") for name in hourly)


def test_well_known_models_are_there_with_their_dated_names(listed):
    known = "gpt-5 gpt-5-mini gpt-4o-2024-08-06 o3 claude-sonnet-4-5 gemini-2.5-pro grok-4 mistral-large-latest"
    known += " deepseek-chat command-a kimi-k2 text-embedding-3-small"
    assert set(known.split()) <= listed.keys()
    gpt = listed["gpt-4o-2024-08-06"]
    assert (gpt.input, gpt.output, gpt.cached_input, gpt.context) == (5 * USD // 2, 10 * USD, 5 * USD // 4, 128_000)
    assert gpt.source.startswith("genai-prices ")


def test_tiers_arrive_as_rates_of_the_whole_request(listed):
    tiers = listed["claude-sonnet-4-5"].tiers
    assert tiers == [
        {"above": 200_000, "input": 6 * USD, "output": 45 * USD // 2, "cached_input": 6 * USD // 10,
         "cache_write": 15 * USD // 2}
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "gemma-3",  # no price
        "devstral-small:free",  # free at a reseller
        "x-ai/grok-4.3",  # a reseller's name
        "ft:gpt-4o-2024-",  # the beginning of names
        "gpt-4o-audio-preview",  # sound without a rate of sound
        "gpt-image-1",  # dearer images
        "gemini-2.5-flash-image",
        "whisper-1",  # seconds
        "mistral-ocr-latest",  # pages
        "tts-1",  # characters
        "gpt-4o-search-preview",  # searches by itself
        "o3-deep-research",
        "gpt-oss-120b",  # open weights
        "claude-4-opus",  # a cloud's name of another maker's model
        "gpt-4o-2099-01-01",  # looks alike
        "llama-3.1-sonar-large-128k-online",
    ],
)
def test_what_could_cost_more_than_its_listed_tokens_stays_unpriced(listed, name):
    assert name not in listed


def test_no_listed_price_is_nothing(listed):
    assert all(row.input > 0 for row in listed.values())
    no_output = {name for name, row in listed.items() if not row.output}
    assert all("embed" in name for name in no_output)


@pytest.mark.parametrize(("day", "usd"), [(date(2025, 6, 9), 10), (date(2025, 6, 10), 2)])
def test_the_price_of_the_day_is_taken(day, usd):
    by_name = {row.model: row for row in catalogue.first_party(day)}
    assert by_name["o3"].input == usd * USD


def test_the_dearest_hour_is_dearer_in_every_rate(listed):
    for maker in (each for each in providers if each.id in catalogue.MAKERS):
        for model in maker.models:
            chosen = vars(catalogue.dearest_today(model, TODAY))
            for other in {id(price): price for price in map(model.get_prices, HOURS)}.values():
                for unit, price in vars(other).items():
                    base = price.base if isinstance(price, TieredPrices) else price
                    here = chosen[unit].base if isinstance(chosen[unit], TieredPrices) else chosen[unit]
                    assert base <= here, (model.id, unit)


def test_some_model_changes_its_price_with_the_hour():
    limits = [
        each.constraint
        for maker in providers
        for model in maker.models
        for each in (model.prices if isinstance(model.prices, list) else ())
    ]
    assert any(isinstance(limit, TimeOfDateConstraint) for limit in limits), "else the rule of the dearest hour can go"


def terms_of(**listed_prices: Decimal | TieredPrices | None) -> prices.Terms:
    """Return what is taken from an invented price."""
    terms = catalogue._terms(ModelPrice(**listed_prices), 1000)
    assert terms is not None
    return terms


def model(match, **listed_prices) -> ModelInfo:
    """Return an invented entry of the list."""
    return ModelInfo(id="m", match=match, context_window=1000, prices=ModelPrice(**listed_prices))


def test_only_names_declared_equal_are_taken():
    openai = next(each for each in providers if each.id == "openai")
    either = ClauseOr([ClauseEquals("m"), ClauseOr([ClauseEquals("m-2")]), ClauseStartsWith("m-3")])
    assert list(catalogue._names(openai, model(either))) == ["m", "m", "m-2"]
    both = ClauseAnd([ClauseEquals("m-2"), ClauseStartsWith("m")])
    assert list(catalogue._names(openai, model(both))) == []


def test_steps_of_different_rates_are_woven_into_one_list():
    terms = terms_of(
        input_mtok=TieredPrices(Decimal(1), [ListedTier(10, Decimal(2)), ListedTier(30, Decimal(4))]),
        output_mtok=TieredPrices(Decimal(1), [ListedTier(20, Decimal(3))]),
        cache_read_mtok=Decimal("0.5"),
    )
    assert terms["tiers"] == [
        {"above": 10, "input": 2 * USD},
        {"above": 20, "input": 2 * USD, "output": 3 * USD},
        {"above": 30, "input": 4 * USD, "output": 3 * USD},
    ]
    assert (terms["input"], terms["cached_input"], terms["context"]) == (USD, USD // 2, 1000)


@pytest.mark.parametrize(
    ("extra", "taken"),
    [
        ({}, True),
        ({"input_image_mtok": Decimal(1)}, True),
        ({"input_image_mtok": Decimal(2)}, False),
        ({"output_image_mtok": Decimal(3)}, True),
        ({"output_image_mtok": Decimal(30)}, False),
        ({"cache_audio_read_mtok": Decimal("0.5")}, True),
        ({"cache_image_read_mtok": Decimal("1.5")}, False),
        ({"audio_hours": Decimal(1)}, False),
        ({"web_searches_kcount": Decimal(10)}, True),
        ({"cache_write_1h_mtok": Decimal(10)}, True),
        ({"input_mtok": None}, False),
        ({"input_mtok": Decimal(0)}, False),
        ({"requests_kcount": Decimal(5)}, True),
    ],
)
def test_a_unit_that_is_not_counted_must_not_be_dearer_than_what_it_counts_as(extra, taken):
    terms = catalogue._terms(ModelPrice(**{"input_mtok": Decimal(1), "output_mtok": Decimal(3)} | extra), None)
    assert (terms is not None) == taken


def test_a_price_of_a_thousand_requests_becomes_the_flat_price_of_one():
    terms = terms_of(input_mtok=Decimal(1), requests_kcount=Decimal(5))
    assert (terms["per_call"], terms["output"]) == (5_000_000, 0)


def test_loading_stores_the_list_and_the_sandbox_once(moved):
    first = catalogue.load_first_party(today=TODAY)
    assert first == Price.objects.live().count() >= 400
    assert moved()
    assert catalogue.load_first_party(today=TODAY) == 0
    assert Price.objects.count() == first
    echo = live_rates(["sandbox-echo", "sandbox-slow"])["sandbox-echo", ""]
    assert (echo.input, echo.output, echo.cached_input, echo.reasoning) == (USD // 2, 3 * USD // 2, USD // 20, 2 * USD)
    assert (echo.context, echo.max_output, echo.source) == (32_768, 4_096, "price")
    assert Price.objects.live().get(model="sandbox-slow").source == "sandbox"


def test_loading_later_supersedes_what_the_list_has_changed(db):
    catalogue.load_first_party(today=date(2025, 6, 9))
    assert catalogue.load_first_party(today=TODAY) > 0
    assert [row.input for row in Price.objects.filter(model="o3").order_by("pk")] == [10 * USD, 2 * USD]


def test_loading_keeps_what_the_operator_has_set(db):
    prices.set_price("gpt-5", input=1, output=1)
    prices.set_free("sandbox-echo")
    catalogue.load_first_party(today=TODAY)
    prices.retire("gpt-5-mini")
    catalogue.load_first_party(today=TODAY)
    found = live_rates(["gpt-5", "gpt-5-mini", "sandbox-echo"])
    assert {key[0]: rates.input for key, rates in found.items()} == {"gpt-5": 1, "sandbox-echo": 0}


def test_loading_takes_few_queries(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        catalogue.load_first_party(today=TODAY)


def test_loading_opens_no_connection(db, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the list is read without a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert catalogue.first_party(TODAY)


def test_a_server_process_never_reads_the_list():
    script = (
        "import django; django.setup(); import config.asgi, config.urls, sys;"
        "sys.exit('genai_prices' in sys.modules or 'pricing.catalogue' in sys.modules)"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=env, check=False, timeout=60)
    assert done.returncode == 0
