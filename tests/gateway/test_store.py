"""The database goes: what clients are told, what leaves, and what is charged in the end."""

import asyncio
import time

import pytest

from gateway.commit import open_store
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Outcome, Record, Settle, Settled, StoreDown
from gateway.handler import GateHandler
from gateway.runtime import Runtime
from tests.gateway.client import CHAT, Answer, Gate, aside, chat
from tests.gateway.conftest import House
from wallet.models import Hold


class Switch:
    """A store that a test can switch off."""

    def __init__(self, store) -> None:
        self.store = store
        self.down = False
        self.hangs = False

    async def commit(self, settles, reserves) -> Outcome:
        if self.down:
            raise StoreDown
        if self.hangs:
            await asyncio.sleep(3600)
        return await self.store.commit(settles, reserves)

    async def recall(self, order) -> Settled | None:
        return await self.store.recall(order)

    async def free(self, wallets) -> set[int]:
        return await self.store.free(wallets)

    async def save_seen(self, seen) -> None:
        if not self.down:
            await self.store.save_seen(seen)

    async def close(self) -> None:
        await self.store.close()


def switch(gate: Gate, *, patience_s: float = 0.3) -> Switch:
    runtime = gate.runtime
    runtime._store = store = Switch(runtime._store)
    runtime.batcher = Batcher(store, patience_s=patience_s)
    return store


@pytest.mark.parametrize("how", ["down", "hangs"])
@pytest.mark.parametrize("streamed", [False, True])
def test_without_a_database_nothing_is_sent_upstream(house: House, how: str, *, streamed) -> None:
    async def work(gate: Gate) -> tuple[Answer, float, Answer]:
        store = switch(gate)
        setattr(store, how, True)
        started = time.monotonic()
        refused = await gate.begin(chat(stream=streamed)).end(patience=3)
        took = time.monotonic() - started
        setattr(store, how, False)
        if how == "hangs":
            gate.runtime.batcher = Batcher(store)
        return refused, took, await gate.post(chat(stream=streamed))

    refused, took, answered = house.run(work)
    assert (refused.status, refused.code) == (503, "service_unavailable")
    assert took <= 2
    assert answered.status == 200
    assert len(house.upstream.requests) == 1


def test_an_answer_whose_settlement_is_not_stored_is_withheld_and_charged_once(house: House) -> None:
    async def work(gate: Gate) -> tuple[Answer, Answer]:
        store = switch(gate)
        house.upstream.behavior = "slow:0.3"
        answers: list[Answer] = []
        for streamed in (False, True):
            exchange = gate.begin(chat(stream=streamed))
            while len(house.upstream.requests) < len(answers) + 1:
                await asyncio.sleep(0.01)
            store.down = True
            answers.append(await exchange.end())
            store.down = False
            await gate.settled()
        return answers[0], answers[1]

    whole, streamed = house.run(work)
    assert (whole.status, whole.code) == (503, "service_unavailable")
    assert b"choices" not in whole.body
    assert streamed.documents[-1]["error"]["code"] == "service_unavailable"
    assert b"[DONE]" not in streamed.body
    assert house.spent() == 2 * 140_000
    assert len(house.rows()) == 2


async def sweep() -> None:
    """Settle the one open hold, as a sweeper would that takes this process for dead."""
    hold = await aside(Hold.objects.get)
    store = open_store()
    await Batcher(store).settle(Settle(hold.pk, hold.wallet_id, hold.prompt_cost, Record(estimated=True)))
    await store.close()


@pytest.mark.parametrize("streamed", [False, True])
def test_a_swept_hold_ends_in_an_error_and_books_nothing(house: House, *, streamed) -> None:
    async def work(gate: Gate) -> Answer:
        house.upstream.behavior = "slow:0.3"
        exchange = gate.begin(chat(stream=streamed))
        while not house.upstream.requests:
            await asyncio.sleep(0.01)
        await sweep()
        answer = await exchange.end()
        await gate.settled()
        return answer

    answer = house.run(work)
    if streamed:
        assert answer.documents[-1]["error"]["code"] == "service_unavailable"
        assert b"[DONE]" not in answer.body
    else:
        assert (answer.status, answer.code) == (503, "service_unavailable")
    assert len(house.rows()) == 1
    assert house.spent() == 13 * 1000  # the sweeper's: the prompt


def test_a_gate_that_starts_without_its_database_works_once_it_is_there(house: House, monkeypatch) -> None:
    async def work() -> tuple[Answer, Answer, Answer]:
        app = GateHandler()
        running = Gate(app, house.secret)
        with monkeypatch.context() as patch:
            patch.setattr(Runtime, "start", down)
            refused = await running.ask("POST", CHAT)
            unready = await running.ask("GET", "/readyz", key=None)
        answered = await running.post(chat())
        await app.stop()
        return refused, unready, answered

    async def down() -> Runtime:
        raise ConnectionError("could not connect to db.internal")

    refused, unready, answered = asyncio.run(work())
    assert (refused.status, refused.code) == (503, "service_unavailable")
    assert b"internal" not in refused.body
    assert (unready.status, answered.status) == (503, 200)


def test_polls_outlive_a_database_that_is_gone_for_a_while(house: House, monkeypatch) -> None:
    monkeypatch.setattr("gateway.runtime.POLL_S", 0.05)
    polls = 0

    def broken() -> int:
        nonlocal polls
        polls += 1
        raise ConnectionError

    async def work(gate: Gate) -> Answer:
        with monkeypatch.context() as patch:
            patch.setattr("common.version.current", broken)
            while polls < 3:
                await asyncio.sleep(0.02)
        return await gate.post(chat())

    assert house.run(work).status == 200


def test_a_worker_whose_number_went_to_another_mints_with_a_new_one(house: House, monkeypatch) -> None:
    async def work(gate: Gate) -> None:
        runtime = gate.runtime
        runtime._membership.number += 1
        monkeypatch.setattr(runtime._membership, "beat", lambda: None)
        await runtime.beat()
        assert runtime.mint.worker == runtime.worker == runtime._membership.number
        runtime._membership.number -= 1

    house.run(work)
