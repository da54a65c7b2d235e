"""Clients that leave: whenever they do, the upstream stops and the call is settled, once."""

import asyncio

import pytest

from gateway import relay
from tests.gateway.client import Exchange, Gate, chat
from tests.gateway.conftest import House

STORY = "one two three four five six seven eight"
PROMPT = (8 + 13) * 1000  # nano-USD of the estimated prompt at $1 per million


def stream(model: str, **fields):
    return chat(model, STORY, stream=True, **fields)


async def gone(gate: Gate, exchange: Exchange) -> None:
    exchange.leave()
    await exchange.end(patience=5)
    await gate.settled()


def left_upstream(house: House) -> bool:
    return house.upstream.left == 1 and house.upstream.open == 0


@pytest.mark.req("M6")
@pytest.mark.parametrize("word", [b"one", b"two", b"five", b"eight"])
def test_leaving_in_the_middle_pays_the_prompt_and_what_was_seen(house: House, word: bytes) -> None:
    async def work(gate: Gate) -> str:
        exchange = gate.begin(stream("drip:0.05"))
        await exchange.until(word)
        await gone(gate, exchange)
        return exchange.answer.text

    seen = house.run(work)
    row = house.row()
    assert (row.kind, row.status, row.estimated) == ("ok", 499, True)
    assert house.spent() == PROMPT + -(-len(seen) // 3) * 2000
    if word != b"eight":
        assert house.upstream.left == 1


@pytest.mark.req("M6")
@pytest.mark.parametrize("streamed", [False, True])
def test_leaving_before_the_first_byte_pays_the_prompt(house: House, streamed: bool) -> None:
    house.upstream.behavior = "slow:30"

    async def work(gate: Gate) -> None:
        exchange = gate.begin(chat("ok", STORY, stream=streamed))
        while not house.upstream.requests:
            await asyncio.sleep(0.01)
        await gone(gate, exchange)
        while house.upstream.open:
            await asyncio.sleep(0.01)

    house.run(work)
    assert house.spent() == PROMPT
    assert house.row().status == 499
    assert left_upstream(house)


@pytest.mark.req("M6")
def test_leaving_during_a_keep_alive_pays_the_prompt(house: House, settings) -> None:
    settings.KEEP_ALIVE = 0.05
    house.upstream.behavior = "slow:30"

    async def work(gate: Gate) -> None:
        exchange = gate.begin(stream("ok"))
        await exchange.until(b": keep-alive")
        await gone(gate, exchange)

    house.run(work)
    assert house.spent() == PROMPT


@pytest.mark.req("M6")
def test_leaving_before_the_body_is_here_costs_and_logs_nothing(house: House) -> None:
    async def work(gate: Gate) -> None:
        exchange = gate.open("POST", "/v1/chat/completions")
        exchange.put(b'{"model":', more=True)
        exchange.start()
        await gone(gate, exchange)
        assert exchange.sent == []

    house.run(work)
    assert house.rows() == []


@pytest.mark.req("M6")
@pytest.mark.parametrize("turns", range(12))
def test_a_server_that_cancels_at_any_turn_leaves_no_hold(house: House, turns: int) -> None:
    async def work(gate: Gate) -> None:
        exchange = gate.begin(stream("ok"))
        for _ in range(turns * turns):
            await asyncio.sleep(0.0005)
        assert exchange.task
        exchange.task.cancel()
        await asyncio.gather(exchange.task, return_exceptions=True)
        await gate.settled()
        assert gate.runtime.streams == {}
        assert gate.runtime.calls == set()

    house.run(work)  # the fixture sees to it that nothing is held and the books add up
    assert len(house.rows()) <= 1


@pytest.mark.req("M6")
def test_a_client_that_leaves_while_the_wallet_is_asked_keeps_no_hold(house: House) -> None:
    async def work(gate: Gate) -> None:
        asked, may_commit, store = asyncio.Event(), asyncio.Event(), gate.runtime._store
        commit = store.commit

        async def late(settles, reserves):
            asked.set()
            await may_commit.wait()
            return await commit(settles, reserves)

        store.commit = late
        exchange = gate.begin(stream("ok"))
        await asked.wait()
        exchange.leave()
        await exchange.end()
        may_commit.set()
        await gate.settled()

    house.run(work)
    assert house.spent() == 0
    assert house.upstream.requests == []


@pytest.mark.req("M6")
def test_a_client_that_leaves_while_it_is_charged_is_charged_once(house: House) -> None:
    async def work(gate: Gate) -> None:
        settle, settling = gate.runtime.batcher.settle, asyncio.Event()

        async def late(order):
            settling.set()
            return await settle(order)

        gate.runtime.batcher.settle = late
        exchange = gate.begin(stream("ok"))
        await settling.wait()
        await gone(gate, exchange)

    house.run(work)
    assert house.spent() == 140_000
    assert len(house.rows()) == 1


@pytest.mark.req("N7")
def test_a_client_that_does_not_read_is_let_go(house: House, monkeypatch) -> None:
    monkeypatch.setattr("gateway.wire.PATIENCE_S", 0.2)

    async def work(gate: Gate) -> None:
        exchange = gate.begin(stream("endless"))
        await exchange.until(b"xxxx")
        exchange.reading.clear()
        await exchange.end(patience=3)
        await gate.settled()

    house.run(work)
    assert house.row().status == 499


def test_a_stream_that_nobody_begins_to_read_is_settled(house: House, monkeypatch) -> None:
    """A rule behind the view may fail after it: the stream exists then, but nobody sends it."""

    async def work(gate: Gate) -> None:
        async def refuse(message) -> None:
            raise ConnectionError

        exchange = gate.open("POST", "/v1/chat/completions")
        exchange.put(b'{"model":"drip:0.1","stream":true,"messages":[{"role":"user","content":"%s"}]}' % STORY.encode())
        exchange._send = refuse
        exchange.start()
        with pytest.raises(ConnectionError):
            await exchange.end()
        await gate.settled()

    house.run(work)
    assert house.row().status == 499
    assert house.spent() == PROMPT


def test_shutting_down_waits_for_open_calls(house: House) -> None:
    async def work(gate: Gate) -> Exchange:
        exchange = gate.begin(stream("drip:0.05"))
        await exchange.until(b"two")
        stopping = asyncio.create_task(gate.app.stop())
        await asyncio.sleep(0.05)
        late = await gate.begin(stream("ok")).end()
        assert (late.status, late.code) == (503, "service_unavailable")
        await stopping
        await exchange.end()
        return exchange

    assert house.run(work).answer.events[-1] == b"[DONE]"
    assert house.spent() == 140_000


def test_shutting_down_ends_what_takes_too_long(house: House, monkeypatch) -> None:
    monkeypatch.setattr("gateway.runtime.DRAIN_S", 0.2)

    async def work(gate: Gate) -> None:
        exchange = gate.begin(stream("gap:30"))
        await exchange.until(b"one")
        await gate.app.stop()

    house.run(work)
    assert house.row().estimated


def test_what_learns_of_channels_is_given_time(house: House) -> None:
    """The relay writes what it has learned of a key in the background; a gate that stops waits for it."""

    async def work(gate: Gate) -> None:
        await gate.post(chat("status:401"))

    house.run(work)
    assert relay._tasks == set()
