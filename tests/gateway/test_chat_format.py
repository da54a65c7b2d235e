"""Chat completions: what is read from a body, and what little is changed before it leaves."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asked import Asked
from gateway.errors import InvalidRequest
from gateway.formats import chat
from gateway.routing import Candidate

SAY = [{"role": "user", "content": "hello"}]


def read(**fields: Any) -> Asked:
    payload = {"model": "m", "messages": SAY, **fields}
    return chat.read(json.dumps(payload).encode(), payload)


def candidate(**fields: Any) -> Candidate:
    return Candidate(1, "main", "openai", "http://x", "m", fields.pop("upstream_model", "m"), **fields)


def sent(asked: Asked, bound: int | None = None, **fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(chat.body_for(asked, candidate(**fields), bound))
    return document


def test_what_needs_no_change_is_the_same_object() -> None:
    asked = read(temperature=1, max_tokens=5)
    assert chat.body_for(asked, candidate(), None) is asked.body
    assert chat.body_for(asked, candidate(), 5) == asked.body


def test_the_model_is_renamed() -> None:
    assert sent(read(), upstream_model="vendor/m") == {"model": "vendor/m", "messages": SAY}


@pytest.mark.parametrize(
    "options", [None, {}, {"include_usage": False}, {"include_usage": None}, {"include_obfuscation": False}]
)
def test_a_stream_is_asked_for_its_usage(options: Any) -> None:
    asked = read(stream=True, stream_options=options)
    assert not asked.wants_usage
    assert sent(asked)["stream_options"] == {**(options or {}), "include_usage": True}


def test_a_client_that_asks_itself_is_left_alone() -> None:
    asked = read(stream=True, stream_options={"include_usage": True})
    assert asked.wants_usage
    assert chat.body_for(asked, candidate(), None) == asked.body


def test_without_a_stream_nothing_is_asked_for() -> None:
    assert "stream_options" not in sent(read())


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_a_bound_is_told_in_the_channels_field(field: str) -> None:
    assert sent(read(), 100, bound_field=field)[field] == 100


def test_a_field_of_null_is_filled() -> None:
    assert sent(read(max_tokens=None), 100)["max_tokens"] == 100


def test_some_channels_have_no_field() -> None:
    asked = read()
    assert chat.body_for(asked, candidate(bound_field="none"), 100) == asked.body
    assert not chat.adds_bound(asked, candidate(bound_field="none"), 100)


def test_only_a_larger_maximum_is_lowered() -> None:
    asked = read(max_tokens=500, max_completion_tokens=50)
    assert asked.client_max == 500
    document = sent(asked, 100)
    assert (document["max_tokens"], document["max_completion_tokens"]) == (100, 50)
    assert chat.adds_bound(asked, candidate(), 100)
    assert not chat.adds_bound(read(max_tokens=100), candidate(), 100)


@given(
    st.booleans(),
    st.sampled_from([None, {}, {"include_usage": False}, {"include_usage": True}]),
    st.none() | st.integers(1, 10**6),
    st.none() | st.integers(1, 10**6),
    st.sampled_from(["m", "renamed"]),
)
def test_all_changes_together_mean_what_each_means(
    stream: Any, options: Any, mine: int | None, bound: int | None, upstream_model: str
) -> None:
    asked = read(stream=stream, stream_options=options, max_tokens=mine, extra={"max_tokens": 7, "model": "deep"})
    expected = json.loads(asked.body)
    expected["model"] = upstream_model
    if stream:
        expected["stream_options"] = {**(options or {}), "include_usage": True}
    if bound is not None:
        expected["max_tokens"] = min(mine or bound, bound)
    assert sent(asked, bound, upstream_model=upstream_model) == expected


@pytest.mark.parametrize(
    ("fields", "stateful", "unrated"),
    [
        ({}, (), ()),
        ({"store": False, "service_tier": "auto", "tools": [{"type": "function"}]}, (), ()),
        ({"store": None, "service_tier": None, "tools": None, "conversation": None}, (), ()),
        ({"service_tier": "default", "tools": [{"type": "custom"}]}, (), ()),
        ({"store": True}, ("store",), ()),
        ({"background": True}, ("background",), ()),
        ({"previous_response_id": "r"}, ("previous_response_id",), ()),
        ({"conversation": {"id": "c"}}, ("conversation",), ()),
        ({"service_tier": "flex"}, ("service_tier",), ("service_tier",)),
        ({"service_tier": ["auto"]}, ("service_tier",), ("service_tier",)),
        ({"tools": [{"type": "function"}, {"type": "web_search"}]}, ("tools",), ("tools",)),
        ({"tools": [{}]}, ("tools",), ("tools",)),
        ({"tools": [{"type": ["function"]}]}, ("tools",), ("tools",)),
        ({"web_search_options": {}}, ("web_search_options",), ("web_search_options",)),
    ],
)
def test_what_has_a_state_upstream_is_named(fields: dict[str, Any], stateful: Any, unrated: Any) -> None:
    asked = read(**fields)
    assert (asked.stateful, asked.unrated) == (stateful, unrated)


def test_a_session_is_known_by_its_hint() -> None:
    assert read(prompt_cache_key="k", metadata={"user_id": "u"}).session == "k"
    assert read(metadata={"user_id": "u"}).hint == "u"
    assert read().hint == "hello"
    assert read(prompt_cache_key=5, metadata=[]).hint == "hello"


NAMES = [*chat.STATEFUL, *chat.MAXIMA, "n", "stream", "stream_options", "messages", "metadata", "functions"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=3), below, max_size=2),
)


@given(st.dictionaries(st.sampled_from(NAMES), anything))
def test_any_values_are_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        asked = read(**fields)
    except InvalidRequest:
        return
    assert json.loads(chat.body_for(asked, candidate(), 10))["model"] == "m"


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        ({}, 0),
        ({"choices": None}, 0),
        ({"choices": ["x", {}]}, 0),
        ({"choices": [{"delta": {"content": "abc"}}, {"delta": {"content": "d"}}]}, 4),
        ({"choices": [{"message": {"role": "assistant", "content": "é"}}]}, 2),
        ({"choices": [{"delta": {"reasoning_content": "why", "content": None}}]}, 3),
        ({"choices": [{"delta": "text"}]}, 0),
    ],
)
def test_text_is_counted_wherever_it_stands(answer: dict[str, Any], size: int) -> None:
    assert chat.seen(answer) == size
