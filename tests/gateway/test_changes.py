"""Whatever is changed, by whomever: every call knows within a second."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Group
from common import version
from gateway import keys
from gateway.models import ApiKey, Channel, Route
from pricing.models import Price
from tests.gateway.client import CHAT, Answer, Gate, aside, chat
from tests.gateway.conftest import House
from usage.models import CallLog
from wallet.models import Wallet

CHANGES: dict[str, tuple[Callable[[House], object], int]] = {
    "key disabled": (lambda house: keys.disable(house.key), 401),
    "key deleted": (lambda house: keys.delete(house.key), 401),
    "owner disabled": (lambda house: type(house.user).objects.update(is_active=False), 401),
    "key limited to a model": (lambda house: ApiKey.objects.update(allowed_models=["odd"]), 403),
    "group limited to a model": (lambda house: Group.objects.update(allowed_models=["odd"]), 403),
    "key tied to an address": (lambda house: ApiKey.objects.update(subnets=["10.0.0.0/8"]), 403),
    "price gone": (lambda house: Price.objects.update(superseded_at=timezone.now()), 403),
    "channel off": (lambda house: Channel.objects.update(enabled=False), 404),
    "route gone": (lambda house: Route.objects.all().delete(), 404),
}


@pytest.mark.req("H4")
@pytest.mark.parametrize(("change", "status"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_seen_within_a_second(house: House, change: Callable[[House], object], status: int) -> None:
    def apply() -> None:
        change(house)
        version.bump()

    async def work(gate: Gate) -> float:
        assert (await gate.post(chat())).status == 200
        await aside(apply)
        changed = time.monotonic()
        while (await gate.post(chat())).status != status:
            assert time.monotonic() < changed + 1
            await asyncio.sleep(0.05)
        return time.monotonic() - changed

    assert house.run(work) < 1


@pytest.mark.req("H4")
def test_a_key_that_is_revoked_while_its_body_arrives_opens_nothing(house: House) -> None:
    async def work(gate: Gate) -> Answer:
        exchange = gate.open("POST", CHAT)
        body = json.dumps(chat()).encode()
        exchange.put(body[:10], more=True)
        exchange.start()
        await asyncio.sleep(0.05)
        await aside(keys.disable, house.key)
        await gate.runtime.refresh()
        exchange.put(body[10:])
        return await exchange.end()

    assert house.run(work).status == 401
    assert house.upstream.requests == []


@pytest.mark.req("H4")
def test_a_stream_that_opens_just_after_its_key_was_revoked_is_cut(house: House) -> None:
    async def work(gate: Gate) -> Answer:
        reserve = gate.runtime.batcher.reserve

        async def slow(order: Any, *, within: float = 0) -> Any:
            await aside(keys.disable, house.key)
            await gate.runtime.refresh()  # sees no stream yet
            return await reserve(order, within=within or 10)

        gate.runtime.batcher.reserve = slow
        return await gate.begin(chat("drip:0.2", "one two three four five six seven eight", stream=True)).end()

    assert house.run(work).documents[-1]["error"]["code"] == "invalid_api_key"


@pytest.mark.req("L3")
def test_a_stream_of_an_account_that_is_deleted_ends_like_one_of_a_dead_key(house: House) -> None:
    async def work(gate: Gate) -> Answer:
        stream = gate.begin(chat("drip:0.2", "one two three four five six seven eight", stream=True))
        await stream.until(b"two")
        await aside(accounts.delete, house.user)
        return await stream.end(5)

    answer = house.run(work)
    assert answer.documents[-1]["error"]["code"] == "invalid_api_key"
    assert b"[DONE]" not in answer.body
    assert not Wallet.objects.exists()
    assert not CallLog.objects.exists()


@pytest.mark.req("H4")
def test_a_key_expires_on_time(house: House) -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(seconds=1))

    async def work(gate: Gate) -> float:
        assert (await gate.post(chat())).status == 200
        started = time.monotonic()
        while (await gate.post(chat())).status != 401:
            assert time.monotonic() < started + 2
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    assert house.run(work) < 1.5


@pytest.mark.req("H4")
def test_a_commit_tells_of_a_change_before_the_next_poll(house: House, monkeypatch) -> None:
    monkeypatch.setattr("gateway.runtime.POLL_S", 3600)

    async def work(gate: Gate) -> Answer:
        assert (await gate.post(chat())).status == 200
        await aside(keys.disable, house.key)
        await gate.post(chat())  # its commits return the new version
        return await gate.post(chat())

    assert house.run(work).status == 401
