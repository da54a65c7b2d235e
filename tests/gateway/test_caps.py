"""The month's cap on models without a price: what it counts, what it lets in, and what it leaves alone."""

import asyncio
from datetime import UTC, datetime

import pytest
import time_machine

from common import version, windows
from common.money import NANO
from gateway.models import Channel, Route
from pricing import preferences
from pricing.models import Price, PricingPolicy
from tests.gateway.client import Answer, Gate, aside, chat
from tests.gateway.conftest import House, priced
from wallet import budgets
from wallet.models import Budget


def accept(house: House, cap: int | None, *models: str) -> None:
    Price.objects.all().delete()
    preferences.save(house.user, accept_unpriced=True, monthly_cap=cap, accepted_models=models)


def ask(house: House, times: int = 1, model: str = "ok") -> list[Answer]:
    async def work(gate: Gate) -> list[Answer]:
        return await asyncio.gather(*(gate.post(chat(model, max_tokens=100)) for _ in range(times)))

    answers: list[Answer] = house.run(work)
    return answers


def held_for(house: House) -> int:
    """Return what one such call holds, as the gate says itself."""
    accept(house, 1)
    message = ask(house)[0].json["error"]["message"]
    amount = message.split("a hold of $")[1].split(" ")[0].rstrip(".")
    return int(float(amount) * NANO + 0.5)


@pytest.mark.req("M9")
def test_a_call_beyond_the_cap_is_told_what_is_free_and_needed(house: House) -> None:
    accept(house, 1)
    (answer,) = ask(house)
    error = answer.json["error"]
    assert (answer.status, error["code"], error["type"]) == (402, "cap_reached", "insufficient_quota")
    for words in ("needs a hold of $0.00", "$100.00 is free", "cap of $0.000000001 a month", "/settings/pricing/"):
        assert words in error["message"]
    assert house.upstream.requests == []
    assert (house.row().code, house.row().status, house.spent()) == ("cap_reached", 402, 0)


@pytest.mark.req("M9", "M1")
def test_of_many_callers_exactly_as_many_pass_as_fit(house: House) -> None:
    hold = held_for(house)
    accept(house, 5 * hold + hold // 2)
    answers = ask(house, 24, "slow:0.3")
    assert sorted(answer.status for answer in answers) == [200] * 5 + [402] * 19
    assert {answer.json["error"]["code"] for answer in answers if answer.status == 402} == {"cap_reached"}
    used = budgets.unpriced_spend(house.user, datetime.now(UTC))
    assert (used.spent, used.held) == (house.spent(), 0)


@pytest.mark.parametrize(("model", "cost"), [("ok", 1_600_000), ("cost:0.00123", 1_230_000)])
def test_the_cap_counts_what_was_charged(house: House, model: str, cost: int) -> None:
    accept(house, NANO)
    assert [answer.status for answer in ask(house, 1, model)] == [200]
    assert house.spent() == cost
    assert budgets.unpriced_spend(house.user, datetime.now(UTC)) == budgets.Used(cost, 0)


def test_without_a_cap_the_month_is_counted_all_the_same(house: House) -> None:
    accept(house, None)
    ask(house)
    preferences.save(house.user, monthly_cap=1_600_001)
    (answer,) = ask(house)
    assert answer.json["error"]["code"] == "cap_reached"
    preferences.save(house.user, monthly_cap=None)
    assert ask(house)[0].status == 200
    assert budgets.unpriced_spend(house.user, datetime.now(UTC)).spent == 3_200_000


def test_a_new_month_begins_with_nothing_spent(house: House) -> None:
    accept(house, 10 * NANO)
    ask(house)
    now = datetime.now(UTC)
    with time_machine.travel(windows.month_after(now.timestamp())):
        assert budgets.unpriced_spend(house.user, datetime.now(UTC)) == budgets.Used()
        assert ask(house)[0].status == 200
    assert Budget.objects.filter(kind="cap", owner=house.user.pk).count() == 2


def test_a_model_with_a_price_is_not_concerned(house: House) -> None:
    preferences.save(house.user, accept_unpriced=True, monthly_cap=1)
    assert ask(house)[0].status == 200
    assert not Budget.objects.exists()


def both(house: House) -> None:
    """The model has no price on the channel that is asked first, and one on the other."""
    accept(house, 1)
    first = Channel.objects.create(name="first", base_url=house.upstream.url, priority=9)
    Route.objects.create(channel=first, model="ok")
    price = priced("ok")
    price.channel = "main"
    price.save()
    version.bump()


def test_at_the_cap_a_channel_with_a_price_still_answers(house: House) -> None:
    both(house)
    assert ask(house)[0].status == 200
    row = house.row()
    assert (row.channel, row.price_source, house.spent()) == ("main", "price", 140_000)
    assert budgets.unpriced_spend(house.user, datetime.now(UTC)) == budgets.Used()


def test_what_a_channel_with_a_price_charged_is_not_counted(house: House) -> None:
    both(house)
    preferences.save(house.user, monthly_cap=NANO)
    Channel.objects.filter(name="first").update(base_url="http://127.0.0.1:9")
    version.bump()
    assert ask(house)[0].status == 200
    assert house.row().price_source == "price"
    assert budgets.unpriced_spend(house.user, datetime.now(UTC)) == budgets.Used()


def test_under_a_cap_nothing_costs_more_than_it_held(house: House) -> None:
    accept(house, None)
    house.run(lambda gate: gate.post(chat("ok", max_tokens=20)))
    assert house.spent() == 1_600_000  # the prompt was longer than estimated
    preferences.save(house.user, monthly_cap=50 * NANO)
    house.run(lambda gate: gate.post(chat("ok", max_tokens=20)))
    row = house.rows()[1]
    assert 600_000 < row.charge < 800_000
    assert (row.price_source, row.estimated) == ("fallback", True)
    assert budgets.unpriced_spend(house.user, datetime.now(UTC)).spent == 1_600_000 + row.charge == house.spent()


def test_the_list_of_models_is_obeyed_by_calls_and_by_the_list_of_models(house: House) -> None:
    accept(house, None, "ok")

    async def work(gate: Gate) -> tuple[int, int, list[str]]:
        listed = await gate.ask("GET", "/v1/models")
        good, bad = await gate.post(chat("ok")), await gate.post(chat("no-usage"))
        assert "accepted_models" in bad.json["error"]["message"]
        assert bad.json["error"]["code"] == "model_price_not_set"
        return good.status, bad.status, [one["id"] for one in listed.json["data"]]

    assert house.run(work) == (200, 403, ["ok"])
    assert len(house.upstream.requests) == 1


def test_what_the_operator_forbids_is_refused_at_once(house: House) -> None:
    accept(house, None)

    async def work(gate: Gate) -> tuple[int, int]:
        before = await gate.post(chat("ok"))
        await aside(forbid)
        await asyncio.sleep(1)
        return before.status, (await gate.post(chat("ok"))).status

    assert house.run(work) == (200, 403)


def forbid() -> None:
    PricingPolicy.objects.update_or_create(pk=1, defaults={"allow_unpriced": False})
    version.bump()
