"""The price gate, the price of each candidate, and calls to models without a price."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse

from common import version
from common.money import NANO
from gateway.models import Channel, Route
from pricing import preferences
from pricing.http import price_of, prices_of
from pricing.middleware import PriceGate
from pricing.models import Price
from pricing.preferences import Safeguard
from pricing.services import PriceNotSet
from pricing.units import Rates
from tests.gateway.client import Answer, Gate, chat
from tests.gateway.conftest import House, priced

CHEAP, DEAR, FALLBACK = Rates(1, "price", 1, 1), Rates(2, "price", 2, 2), Rates(None, "fallback", 9, 9)


@dataclass
class Offer:
    channel: str = "main"
    model: str = "fast"
    upstream_model: str = "fast"


@dataclass
class Call:
    """As much of a call as the price gate reads."""

    candidates: tuple[Offer, ...]
    accepts: bool = False
    listed: tuple[str, ...] = ()
    prices: Any = None
    model: str = "fast"
    unrated: tuple[str, ...] = ()
    price_list: Any = None

    @property
    def known_caller(self) -> Any:
        return Safeguard(self.accepts, self.listed)


def price_list(fallback: Rates | None = FALLBACK, **prices: Rates) -> Any:
    return SimpleNamespace(prices={tuple(name.split("__")): rates for name, rates in prices.items()}, fallback=fallback)


def pass_gate(call: Call) -> Call:
    async def view(passed: Call) -> HttpResponse:
        return HttpResponse()

    asyncio.run(PriceGate(view)(call))  # type: ignore[arg-type]
    return call


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ({"fast__main": CHEAP, "fast__": DEAR, "big__main": DEAR}, CHEAP),
        ({"fast__": CHEAP, "big__main": DEAR, "big__": DEAR}, CHEAP),
        ({"big__main": CHEAP, "big__": DEAR, "fast__other": DEAR}, CHEAP),
        ({"big__": CHEAP, "big__other": DEAR}, CHEAP),
        ({"fast__other": DEAR}, None),
        ({}, None),
    ],
)
def test_the_nearest_price_counts(prices: dict[str, Rates], found: Rates | None) -> None:
    assert price_of(price_list(**prices), Offer(upstream_model="big")) == found


def test_candidates_without_a_price_are_dropped() -> None:
    call = pass_gate(Call((Offer("a"), Offer("b")), price_list=price_list(fast__b=CHEAP)))
    assert [offer.channel for offer in call.candidates] == ["b"]
    assert call.prices == {"b": CHEAP}


def test_who_accepts_them_pays_the_fallback_price() -> None:
    call = pass_gate(Call((Offer("a"), Offer("b")), accepts=True, price_list=price_list(fast__b=CHEAP)))
    assert call.prices == {"a": FALLBACK, "b": CHEAP}


@pytest.mark.parametrize(("accepts", "fallback"), [(False, FALLBACK), (True, None), (False, None)])
def test_nothing_else_passes(accepts, fallback: Rates | None) -> None:
    with pytest.raises(PriceNotSet, match="fast"):
        pass_gate(Call((Offer(),), accepts=accepts, price_list=price_list(fallback)))


def test_a_list_of_models_is_obeyed_and_named() -> None:
    call = pass_gate(Call((Offer(),), accepts=True, listed=("slow", "fast"), price_list=price_list()))
    assert call.prices == {"main": FALLBACK}
    with pytest.raises(PriceNotSet, match=r"fast has no price.*accepted_models.*/settings/pricing/"):
        pass_gate(Call((Offer(),), accepts=True, listed=("slow",), price_list=price_list()))


def test_a_request_for_more_than_tokens_has_no_price() -> None:
    with pytest.raises(PriceNotSet, match="service_tier with the model fast"):
        pass_gate(Call((Offer(),), unrated=("service_tier",), price_list=price_list(fast__=CHEAP)))
    call = pass_gate(Call((Offer(),), accepts=True, unrated=("service_tier",), price_list=price_list(fast__=CHEAP)))
    assert call.prices == {"main": FALLBACK}


def test_a_call_for_no_model_passes() -> None:
    assert pass_gate(Call(())).prices is None


def test_prices_of_nothing_are_none() -> None:
    assert prices_of(price_list(), Safeguard(accept_unpriced=True), ()) == {}


def accept(house: House) -> None:
    preferences.save(house.user, accept_unpriced=True)


def unpriced(house: House, model: str, **fields: Any) -> Answer:
    Price.objects.all().delete()
    accept(house)
    return house.run(lambda gate: gate.post(chat(model, **fields)))


@pytest.mark.parametrize("streamed", [False, True])
def test_the_reported_cost_is_charged(house: House, *, streamed) -> None:
    answer = unpriced(house, "cost:0.00123", stream=streamed)
    assert answer.status == 200
    assert b"0.00123" not in answer.body.replace(b'"model":"cost:0.00123"', b"")
    assert house.spent() == 1_230_000
    row = house.row()
    assert (row.price_source, row.estimated, row.price_id) == ("upstream", False, None)


def test_the_groups_multiplier_applies_to_a_reported_cost(house: House) -> None:
    house.user.group.multiplier_ppm = 1_500_000
    house.user.group.save()
    unpriced(house, "cost:0.00123")
    assert house.spent() == 1_845_000


def test_without_a_reported_cost_the_fallback_price_counts(house: House) -> None:
    unpriced(house, "ok")
    assert house.spent() == 100 * 10_000 + 20 * 30_000
    assert house.row().price_source == "fallback"


@pytest.mark.parametrize("model", ["cost:-1", "cost:900"])
def test_a_cost_that_cannot_be_is_replaced_and_flagged(house: House, model: str) -> None:
    unpriced(house, model)
    assert house.spent() == 100 * 10_000 + 20 * 30_000
    row = house.row()
    assert (row.price_source, row.estimated) == ("fallback", True)


def test_a_priced_model_is_not_charged_what_the_upstream_says(house: House) -> None:
    answer = house.run(lambda gate: gate.post(chat("cost:0.5")))
    assert house.spent() == 140_000
    assert "cost" not in answer.json["usage"]
    assert answer.headers["x-tollgate-charge-usd"] == "0.00014"


def test_a_free_model_costs_nothing_and_is_told_no_bound(house: House) -> None:
    Price.objects.filter(model="ok").update(state="free")
    version.bump()
    answer = house.run(lambda gate: gate.post(chat()))
    assert (answer.status, answer.headers["x-tollgate-charge-usd"]) == (200, "0.00")
    assert "x-tollgate-max-output" not in answer.headers
    assert "max_tokens" not in house.upstream.last.json
    assert house.row().price_source == "free"


def test_every_kind_of_token_has_its_rate(house: House) -> None:
    Price.objects.filter(model="ok").update(
        input=1 * NANO, cached_input=NANO // 10, output=2 * NANO, reasoning=3 * NANO
    )
    version.bump()
    house.run(lambda gate: gate.post(chat()))
    assert house.spent() == 60 * 1000 + 40 * 100 + 15 * 2000 + 5 * 3000


@pytest.mark.req("M8")
def test_failover_is_charged_once_at_the_price_of_who_answered(house: House) -> None:
    first = Channel.objects.create(name="first", base_url="http://127.0.0.1:9", priority=9)
    Route.objects.create(channel=first, model="ok")
    dear = priced("ok", input=50 * NANO, output=50 * NANO)
    dear.channel = "first"
    dear.save()
    version.bump()

    async def work(gate: Gate) -> Answer:
        return await gate.post(chat())

    assert house.run(work).status == 200
    assert house.spent() == 140_000
    assert house.row().channel == "main"


def test_the_hold_is_at_the_dearest_price(house: House) -> None:
    other = Channel.objects.create(name="other", base_url="http://127.0.0.1:9", priority=-9)
    Route.objects.create(channel=other, model="ok")
    dear = priced("ok", input=10_000_000 * NANO, output=NANO)
    dear.channel = "other"
    dear.save()
    version.bump()
    answer = house.run(lambda gate: gate.post(chat(max_tokens=1)))
    assert answer.status == 402


def test_a_renamed_model_costs_what_its_upstream_name_costs(house: House) -> None:
    Route.objects.create(channel=house.channel, model="fast", upstream_model="ok")
    version.bump()
    assert house.run(lambda gate: gate.post(chat("fast"))).status == 200
    assert house.upstream.last.model == "ok"
    assert (house.spent(), house.row().model) == (140_000, "fast")
