"""Streams: what passes, what waits, and what every kind of end costs."""

import asyncio
import json

import pytest

from common import version
from gateway import keys
from gateway.models import ApiKey, Channel
from tests.gateway.client import Answer, Gate, aside, chat
from tests.gateway.conftest import House

STORY = "one two three four five six seven eight"
PROMPT = 8 + 13  # tokens of the estimate: a message, and 39 bytes of text
EXACT = 140_000


def stream(model: str = "ok", **fields):
    return chat(model, STORY, stream=True, **fields)


def guessed(text: str) -> int:
    return PROMPT * 1000 + -(-len(text) // 3) * 2000


@pytest.mark.parametrize(
    "model", ["ok", "usage-null", "usage-running", "odd", "crlf", "comments", "no-done", "drip:0.05"]
)
def test_well_meant_streams_cost_what_they_used(house: House, model: str) -> None:
    answer = house.run(lambda gate: gate.post(stream(model)))
    assert answer.status == 200
    assert answer.text == STORY
    assert not any(document.get("usage") for document in answer.documents)
    assert (answer.events[-1] == b"[DONE]") == (model != "no-done")
    assert house.spent() == EXACT
    assert not house.row().estimated


@pytest.mark.parametrize("model", ["no-usage", "usage-only-null"])
def test_missing_usage_is_estimated_from_what_was_seen(house: House, model: str) -> None:
    answer = house.run(lambda gate: gate.post(stream(model)))
    assert answer.text == STORY
    assert house.spent() == guessed(STORY)
    assert house.row().estimated


@pytest.mark.req("M7")
@pytest.mark.parametrize("model", ["usage-negative", "usage-huge", "usage-text"])
@pytest.mark.parametrize("streamed", [False, True])
def test_usage_that_lies_is_replaced_by_the_estimate(house: House, model: str, streamed: bool) -> None:
    answer = house.run(lambda gate: gate.post(chat(model, STORY, stream=streamed)))
    assert answer.status == 200
    assert house.spent() == guessed(STORY)
    assert house.row().estimated


@pytest.mark.req("M7")
@pytest.mark.parametrize("streamed", [False, True])
def test_zero_usage_is_zero(house: House, streamed: bool) -> None:
    house.run(lambda gate: gate.post(chat("usage-zero", STORY, stream=streamed)))
    assert house.spent() == 0
    assert not house.row().estimated


@pytest.mark.parametrize("model", ["ok", "usage-null", "usage-running", "cost:0.5"])
def test_a_client_that_asks_for_usage_gets_it_with_our_charge(house: House, model: str) -> None:
    answer = house.run(lambda gate: gate.post(stream(model, stream_options={"include_usage": True})))
    *_, last = answer.documents
    assert last["usage"]["prompt_tokens"] == 100
    assert last["usage"]["cost"] == 0.00014
    assert b'"cost":0.00014' in answer.body
    assert b'"cost":0.5' not in answer.body
    assert answer.events[-1] == b"[DONE]"


def test_an_upstream_that_breaks_off_ends_in_an_error_event(house: House) -> None:
    answer = house.run(lambda gate: gate.post(stream("cut")))
    assert answer.status == 200
    assert answer.documents[-1]["error"]["code"] == "upstream_error"
    assert b"[DONE]" not in answer.body
    seen = answer.text
    assert STORY.startswith(seen)
    assert house.spent() == guessed(seen)
    row = house.row()
    assert (row.kind, row.estimated) == ("ok", True)


def test_untouched_bytes_pass_as_they_are(house: House) -> None:
    answer = house.run(lambda gate: gate.post(stream("crlf")))
    assert answer.body.count(b"\r\n\r\n") == len(answer.events)


def test_large_events_leave_in_small_pieces(house: House) -> None:
    async def work(gate: Gate) -> list[int]:
        exchange = gate.begin(stream("big:40"))
        await exchange.end()
        return [len(message["body"]) for message in exchange.sent[1:]]

    sizes = house.run(work)
    assert max(sizes) <= 16 * 1024
    assert sum(sizes) > 3 * 40 * 1024


def test_streams_are_not_to_be_cached_or_collected(house: House) -> None:
    headers = house.run(lambda gate: gate.post(stream())).headers
    assert headers["cache-control"] == "no-cache, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["content-type"].startswith("text/event-stream")


def test_silence_is_filled_with_comments_before_the_first_byte_and_after(house: House, settings) -> None:
    settings.KEEP_ALIVE = 0.1

    async def work(gate: Gate) -> tuple[Answer, Answer]:
        return await gate.post(stream("slow:0.3")), await gate.post(stream("gap:1"))

    for answer in house.run(work):
        assert answer.body.count(b": keep-alive\n\n") >= 2
        assert answer.text == STORY
        assert answer.events[-1] == b"[DONE]"
    assert house.spent() == 2 * EXACT


@pytest.mark.parametrize(("model", "code"), [("status:500", "upstream_error"), ("deaf", "upstream_timeout")])
def test_a_refusal_after_the_first_keep_alive_is_an_event(house: House, settings, model: str, code: str) -> None:
    settings.KEEP_ALIVE = 0.0
    Channel.objects.update(first_byte_timeout=0.2)
    house.upstream.behavior = model if model == "deaf" else ""
    version.bump()
    answer = house.run(lambda gate: gate.post(stream(model)))
    assert answer.status == 200
    assert answer.documents[-1]["error"]["code"] == code
    assert house.spent() == 0
    row = house.row()
    assert (row.kind, row.code) == ("error", code)


def test_an_upstreams_own_400_after_the_first_keep_alive_is_an_event(house: House, settings) -> None:
    settings.KEEP_ALIVE = 0.0
    answer = house.run(lambda gate: gate.post(stream("status:400")))
    assert "400" in answer.documents[-1]["error"]["message"]
    assert house.spent() == 0


def test_the_end_waits_for_the_settlement(house: House) -> None:
    async def work(gate: Gate) -> bytes:
        settle = gate.runtime.batcher.settle
        may_settle = asyncio.Event()

        async def slow(order):
            await may_settle.wait()
            return await settle(order)

        gate.runtime.batcher.settle = slow
        exchange = gate.begin(stream(stream_options={"include_usage": True}))
        await exchange.until(b"eight")
        await asyncio.sleep(0.1)
        before = exchange.body
        may_settle.set()
        await exchange.end()
        return before

    before = house.run(work)
    assert b"[DONE]" not in before
    assert b'"usage"' not in before


def test_a_slow_client_holds_the_upstream_back(house: House) -> None:
    async def work(gate: Gate) -> None:
        exchange = gate.begin(stream("endless"))
        await exchange.until(b"xxxx")
        exchange.reading.clear()
        await asyncio.sleep(0.3)
        before = house.upstream.sent
        await asyncio.sleep(0.3)
        # what the sockets between hold, and not a byte more
        assert house.upstream.sent == before < 8 * 2**20
        exchange.reading.set()
        exchange.leave()
        await exchange.end()
        await gate.settled()

    house.run(work)
    assert house.row().status == 499


def test_a_revoked_key_ends_its_streams(house: House) -> None:
    async def work(gate: Gate) -> Answer:
        exchange = gate.begin(stream("drip:0.2"))
        await exchange.until(b"two")
        await aside(keys.disable, house.key)
        answer = await exchange.end(patience=2)
        await gate.settled()
        return answer

    answer = house.run(work)
    assert answer.documents[-1]["error"]["code"] == "invalid_api_key"
    assert b"[DONE]" not in answer.body
    assert house.spent() == guessed(answer.text)


def test_a_revoked_key_ends_a_stream_that_has_not_begun(house: House, settings) -> None:
    settings.KEEP_ALIVE = 0.1

    async def work(gate: Gate) -> Answer:
        exchange = gate.begin(stream("gap:30"), headers={"x-note": "waits"})
        await exchange.until(b"one")
        await aside(keys.disable, house.key)
        return await exchange.end(patience=2)

    assert house.run(work).documents[-1]["error"]["code"] == "invalid_api_key"


def test_another_keys_stream_goes_on(house: House) -> None:
    other, _ = keys.mint(house.user, "other")

    async def work(gate: Gate) -> Answer:
        exchange = gate.begin(stream("drip:0.1"))
        await exchange.until(b"two")
        await aside(keys.disable, other)
        return await exchange.end()

    assert house.run(work).events[-1] == b"[DONE]"


def test_progress_is_saved_while_a_stream_runs(house: House, settings, monkeypatch) -> None:
    settings.BEAT = 0.05

    async def work(gate: Gate) -> tuple[int, bool]:
        saved: dict[int, int] = {}
        monkeypatch.setattr(gate.runtime.batcher, "save_seen", saved.__setitem__)
        exchange = gate.begin(stream("drip:0.1"))
        await exchange.until(b"six")
        await exchange.end()
        await asyncio.sleep(0.1)
        return max(saved.values()), bool(gate.runtime.streams)

    tokens, open_streams = house.run(work)
    assert 0 < tokens <= len(STORY) // 3 + 1
    assert not open_streams


def test_the_key_is_known_to_have_been_used(house: House, settings) -> None:
    settings.BEAT = 0.05

    async def work(gate: Gate) -> None:
        await gate.post(stream())
        async with asyncio.timeout(10):
            while not await aside(ApiKey.objects.filter(pk=house.key.pk, last_used_at__isnull=False).exists):
                await asyncio.sleep(0.02)

    house.run(work)


def test_a_stream_is_asked_for_with_its_usage(house: House) -> None:
    async def work(gate: Gate) -> None:
        await gate.post(stream())
        await gate.post(stream(stream_options={"include_usage": False}))
        await gate.post(stream(stream_options=None))
        await gate.post(stream(stream_options={"include_obfuscation": False}))

    house.run(work)
    for request in house.upstream.requests:
        assert request.json["stream_options"]["include_usage"] is True
    assert json.loads(house.upstream.last.body)["stream_options"]["include_obfuscation"] is False
