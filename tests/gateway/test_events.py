"""Server-sent events: torn anywhere, ended by any line end, and changed only where something must change."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import sse
from gateway.formats import chat
from gateway.meter import Meter
from gateway.relay import Cut

ENDS = [b"\n\n", b"\r\n\r\n", b"\r\r"]


def meter(*, wants_usage: bool = False) -> Meter:
    call = SimpleNamespace(known_format=chat, known_request=SimpleNamespace(wants_usage=wants_usage))
    return Meter(call)  # type: ignore[arg-type]


def event(**fields: Any) -> bytes:
    return sse.event(fields)


def delta(text: str | None = None, *, finish: str | None = None, **fields: Any) -> bytes:
    said = {} if text is None else {"content": text}
    return event(choices=[{"index": 0, "delta": said, "finish_reason": finish}], **fields)


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 9.75, "cost_details": {"upstream": 9.75}}
DONE = b"data: [DONE]\n\n"


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=8), st.sampled_from(ENDS), st.lists(st.integers(1, 7)))
def test_events_are_whole_however_they_arrive(bodies: list[bytes], end: bytes, sizes: list[int]) -> None:
    events = [b"data:" + body.replace(b"\r", b".").replace(b"\n", b".") + end for body in bodies]
    stream, splitter, found, at = b"".join(events), sse.Splitter(), [], 0
    for size in [*sizes, *[3] * len(stream)]:
        found += splitter.feed(stream[at : at + size])
        at += size
    assert b"".join(found) + splitter.end() == stream
    assert [piece.rstrip(b"\r\n") for piece in found if piece.strip()] == [piece.rstrip(b"\r\n") for piece in events]


def test_an_event_without_an_end_is_not_collected_for_ever(monkeypatch) -> None:
    monkeypatch.setattr(sse, "LARGEST_EVENT", 100)
    splitter = sse.Splitter()
    assert splitter.feed(b"data: " + b"x" * 90) == []
    with pytest.raises(Cut):
        splitter.feed(b"x" * 10)


@pytest.mark.parametrize(
    ("given_event", "data"),
    [
        (b"data: {}\n\n", b"{}"),
        (b"data:{}\r\n\r\n", b"{}"),
        (b"event: x\ndata: {}\nid: 1\n\n", b"{}"),
        (b"data: {\ndata: }\n\n", b"{\n}"),
        (b": comment\n\n", b""),
        (b"\xef\xbb\xbfdata: {}\n\n", b"{}"),
        (b"\n\n", b""),
    ],
)
def test_data_is_found_in_every_form(given_event: bytes, data: bytes) -> None:
    assert sse.data_of(given_event) == data


def test_a_change_leaves_the_bytes_around_it() -> None:
    changed = sse.change(b"id: 7\r\ndata: {}\r\n\r\n", lambda data: b'{"a":1}')
    assert changed == b'id: 7\r\ndata: {"a":1}\r\n\r\n'
    assert sse.data_of(sse.change(b"data: {\ndata: }\n\n", lambda data: data)) == b"{ }"


def test_text_passes_and_is_counted() -> None:
    reading = meter()
    assert reading.feed(delta("one") + delta("två")) == delta("one") + delta("två")
    assert reading.seen == 3 + 4


def test_calls_of_tools_are_counted_without_their_frame() -> None:
    reading = meter()
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
    reading.feed(event(choices=[{"delta": {"role": "assistant", "tool_calls": [call]}, "finish_reason": None}]))
    assert reading.seen == len("look") + len('{"a":1}')


def test_the_usage_chunk_is_taken_out_for_who_did_not_ask() -> None:
    reading = meter()
    assert reading.feed(delta("x") + delta(finish="stop") + event(choices=[], usage=USAGE) + DONE) == (
        delta("x") + delta(finish="stop")
    )
    reading.end()
    assert reading.rest(5) == DONE
    assert reading.usage == USAGE


def test_the_usage_chunk_tells_our_charge_to_who_asked() -> None:
    reading = meter(wants_usage=True)
    reading.feed(event(choices=[], usage=USAGE) + DONE)
    reading.end()
    usage = json.loads(sse.data_of(reading.rest(5).removesuffix(DONE)))["usage"]
    assert usage == {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.000000005}


def test_usage_beside_the_last_words_is_cut_out_of_them() -> None:
    reading = meter()
    assert reading.feed(delta("bye", finish="stop", usage=USAGE)) == b""
    reading.end()
    assert json.loads(sse.data_of(reading.rest(5))) == json.loads(sse.data_of(delta("bye", finish="stop")))


def test_usage_so_far_never_holds_a_stream_up_nor_tells_its_cost() -> None:
    reading = meter(wants_usage=True)
    passed = reading.feed(delta("a", usage=USAGE))
    assert json.loads(sse.data_of(passed))["usage"] == {"prompt_tokens": 1, "completion_tokens": 2}
    assert b"usage" not in meter().feed(delta("a", usage=USAGE))


def test_usage_that_comes_first_is_not_the_end() -> None:
    reading = meter(wants_usage=True)
    assert reading.feed(event(choices=[], usage=USAGE)) == b""
    passed = reading.feed(delta("a"))
    assert passed.endswith(delta("a"))
    assert b"9.75" not in passed
    assert passed.count(b"data: ") == 2


def test_null_usage_passes_untouched() -> None:
    reading = meter()
    assert reading.feed(delta("a", usage=None)) == delta("a", usage=None)
    assert reading.usage is None


@pytest.mark.parametrize("odd", [b"data: not json\n\n", b"data: [1]\n\n", b": hi\n\n", b'data: {"choices": 7}\n\n'])
def test_what_is_not_understood_passes(odd: bytes) -> None:
    assert meter().feed(odd) == odd


def test_an_error_event_is_a_cut() -> None:
    with pytest.raises(Cut):
        meter().feed(event(error={"message": "secret upstream words"}))


def test_a_stream_without_an_end_is_a_cut() -> None:
    reading = meter()
    reading.feed(delta("a"))
    with pytest.raises(Cut):
        reading.end()


def test_an_end_without_its_blank_line_counts() -> None:
    reading = meter()
    reading.feed(delta("a", finish="stop") + b"data: [DONE]")
    reading.end()
    assert reading.rest(0) == DONE


@given(st.binary(max_size=200))
def test_no_bytes_break_the_meter(garbage: bytes) -> None:
    reading = meter()
    try:
        reading.feed(garbage + b"\n\n")
        reading.end()
    except Cut:
        return
    reading.rest(1)
