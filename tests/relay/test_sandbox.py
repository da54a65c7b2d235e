"""The built-in upstream."""

import time
from typing import Any

import orjson
import pytest

from gateway import sandbox
from gateway.exchange import PIECE
from gateway.routing import Candidate
from tests.relay.conftest import ask, fixed, run, spoken

ECHO = Candidate(1, "sandbox", "sandbox", "", "sandbox-echo", "sandbox-echo")
SLOW = Candidate(1, "sandbox", "sandbox", "", "sandbox-slow", "sandbox-slow")


def call(candidate: Candidate = ECHO, **payload: Any) -> Any:
    payload = {"model": candidate.model, "messages": [{"role": "user", "content": "Say it again, please."}]} | payload
    order = fixed(orjson.dumps(payload))
    object.__setattr__(order, "stream", payload.get("stream", False))
    return run(ask(order, candidate))


def usage(content: bytes) -> Any:
    if content.startswith(b"{"):
        return orjson.loads(content)["usage"]
    events = [orjson.loads(line[6:]) for line in content.splitlines() if line.startswith(b"data: {")]
    return next(event["usage"] for event in events if event.get("usage"))


@pytest.mark.parametrize("text", ["Say it again, please.", "  odd\n\tblanks  ", "中文 and 🙂", "x" * 70_000])
@pytest.mark.parametrize("stream", [False, True])
def test_it_says_what_it_was_told(text, stream):
    answer, content = call(messages=[{"role": "user", "content": text}], stream=stream)
    assert answer.status == 200
    assert spoken(content) == text


def test_streamed_and_not_cost_the_same():
    options: dict[str, Any] = {"stream_options": {"include_usage": True}, "reasoning_effort": "low", "n": 2}
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one two three"}]
    _, whole = call(messages=messages, **options)
    _, stream = call(messages=messages, stream=True, **options)
    assert usage(whole) == usage(stream)
    assert usage(whole) == {
        "prompt_tokens": 15,
        "completion_tokens": 24,
        "total_tokens": 39,
        "prompt_tokens_details": {"cached_tokens": 7},
        "completion_tokens_details": {"reasoning_tokens": 16},
    }


def test_usage_is_streamed_only_if_asked_for():
    _, content = call(stream=True)
    assert b"usage" not in content
    assert content.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("bound", [0, 1, 3, 10])
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_it_keeps_to_the_bound(bound, field):
    _, content = call(reasoning_effort="high", **{field: bound})
    assert usage(content)["completion_tokens"] == bound
    assert orjson.loads(content)["choices"][0]["finish_reason"] == "length"


def test_it_gives_as_many_answers_as_asked():
    _, content = call(n=3)
    assert [choice["index"] for choice in orjson.loads(content)["choices"]] == [0, 1, 2]
    _, stream = call(n=3, stream=True)
    assert stream.count(b'"finish_reason":"stop"') == 3


@pytest.mark.parametrize(
    "messages",
    [[], [{}], [{"role": "user"}], [{"role": "user", "content": None}], ["text"], [{"content": [1, {"x": 2}]}]],
)
def test_no_words_get_a_greeting(messages):
    _, content = call(messages=messages)
    assert spoken(content) == sandbox.SILENCE


def test_parts_of_a_message_are_read():
    _, content = call(messages=[{"role": "user", "content": [{"type": "text", "text": "part"}, {"type": "image_url"}]}])
    assert spoken(content).strip() == "part"


@pytest.mark.parametrize("stream", [False, True])
def test_the_slow_model_takes_its_time(stream):
    began = time.monotonic()
    _, content = call(SLOW, messages=[{"role": "user", "content": "a b c d e f g h i j"}], stream=stream)
    assert spoken(content) == "a b c d e f g h i j"
    assert time.monotonic() - began >= 10 * sandbox.PACE


def test_pieces_are_small():
    async def sizes() -> list[int]:
        order = fixed(orjson.dumps({"model": "sandbox-echo", "messages": [{"content": "x" * 100_000}]}))
        answer = await sandbox.ask(order, ECHO)
        return [len(piece) async for piece in answer.chunks()]

    assert max(run(sizes())) <= PIECE


def test_it_can_be_left():
    async def leave() -> bytes:
        order = fixed(orjson.dumps({"model": "sandbox-slow", "messages": [{"content": "a b c d"}]}))
        object.__setattr__(order, "stream", True)
        answer = await sandbox.ask(order, SLOW)
        pieces = answer.chunks()
        first = await anext(pieces)
        await answer.close()
        assert [piece async for piece in pieces] == []
        return first

    assert b"assistant" in run(leave())
