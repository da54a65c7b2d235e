"""JSON of strangers: what is refused, and what splicing leaves alone."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import strictjson
from tests.gateway.malformed import MALFORMED

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
    max_leaves=12,
)
blanks = st.text(" \t\n\r", max_size=2)


@st.composite
def written(draw, value: Any) -> str:
    """The same value as some client would write it: any blanks, escaped or not."""
    if isinstance(value, dict):
        members = [
            draw(blanks)
            + json.dumps(name, ensure_ascii=draw(st.booleans()))
            + draw(blanks)
            + ":"
            + draw(blanks)
            + draw(written(member))
            + draw(blanks)
            for name, member in value.items()
        ]
        return "{" + (",".join(members) or draw(blanks)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(draw(blanks) + draw(written(item)) + draw(blanks) for item in value) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


objects = st.dictionaries(texts, values, min_size=1, max_size=5)


@pytest.mark.req("N4")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_bodies_are_refused_with_words(body: bytes) -> None:
    with pytest.raises(strictjson.Malformed) as refused:
        strictjson.parse(body)
    assert str(refused.value).endswith(".")


@given(values)
def test_whatever_json_writes_is_read(value: Any) -> None:
    assert strictjson.parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    try:
        strictjson.parse(body)
    except strictjson.Malformed:
        return


def test_64_levels_pass_and_65_do_not() -> None:
    assert strictjson.parse(b"[" * 64 + b"]" * 64)
    with pytest.raises(strictjson.Malformed, match="64 levels"):
        strictjson.parse(b"[" * 65 + b"]" * 65)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_largest_integers_pass(number: int) -> None:
    assert strictjson.parse(str(number).encode()) == number


def test_whole_surrogate_pairs_pass() -> None:
    assert strictjson.parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_a_large_body_is_read_in_a_thread() -> None:
    body = json.dumps({"text": "x" * strictjson.THREAD_SIZE}).encode()

    async def beats_while_reading() -> int:
        beats, reading = 0, asyncio.ensure_future(strictjson.load(body))
        while not reading.done():
            beats += 1
            await asyncio.sleep(0)
        assert reading.result()["text"][:1] == "x"
        return beats

    assert asyncio.run(beats_while_reading()) > 1


@given(objects.flatmap(lambda value: st.tuples(st.just(value), written(value))), values, st.data())
def test_replacing_means_what_a_reserializer_would_mean(pair: tuple[Any, str], value: Any, data) -> None:
    document, text = pair
    name = data.draw(st.sampled_from(sorted(document)))
    spliced = strictjson.replace(text.encode(), (name,), value)
    assert json.loads(spliced) == {**document, name: value}


@given(objects.flatmap(lambda value: st.tuples(st.just(value), written(value))), st.data())
def test_removing_leaves_every_other_member(pair: tuple[Any, str], data) -> None:
    document, text = pair
    name = data.draw(st.sampled_from(sorted(document)))
    spliced = strictjson.remove(text.encode(), (name,))
    assert json.loads(spliced) == {other: value for other, value in document.items() if other != name}


@given(objects.flatmap(lambda value: st.tuples(st.just(value), written(value))), texts, values)
def test_inserting_keeps_the_bytes_around(pair: tuple[Any, str], name: str, value: Any) -> None:
    document, text = pair
    if name in document:
        return
    spliced = strictjson.insert(text.encode(), (), name, value).decode()
    assert json.loads(spliced) == {**document, name: value}
    assert spliced.startswith("{")
    assert spliced.endswith(text[1:])  # untouched, byte for byte


@given(objects.flatmap(lambda value: written({"outer": value, "last": 1})), texts, values)
def test_nested_members_are_reached(text: str, name: str, value: Any) -> None:
    document = json.loads(text)
    if name in document["outer"]:
        spliced = strictjson.replace(text.encode(), ("outer", name), value)
    else:
        spliced = strictjson.insert(text.encode(), ("outer",), name, value)
    assert json.loads(spliced) == {"outer": {**document["outer"], name: value}, "last": 1}
    removed = strictjson.remove(spliced, ("outer", name))
    assert json.loads(removed) == {
        "outer": {other: kept for other, kept in document["outer"].items() if other != name},
        "last": 1,
    }


def test_bytes_around_a_replaced_value_stay() -> None:
    body = b'{ "a" : 1.50 ,\t"model":"x", "b":"\\u00e9 \xc3\xa9" }'
    assert strictjson.replace(body, ("model",), "renamed") == body.replace(b'"x"', b'"renamed"')


def test_every_copy_of_a_name_is_removed() -> None:
    assert strictjson.remove(b'{"usage":{"cost":1,"n":2,"cost":3},"usage":{"cost":4}}', ("usage", "cost")) == (
        b'{"usage":{"n":2},"usage":{}}'
    )


def test_a_path_that_does_not_exist_changes_nothing() -> None:
    body = b'{"usage": null, "a": [1]}'
    assert strictjson.remove(body, ("usage", "cost")) == body
    assert strictjson.insert(body, ("a",), "b", 1) == body


def test_decimals_are_written_exactly() -> None:
    assert strictjson.insert(b"{}", (), "cost", Decimal("0.00000014")) == b'{"cost":0.00000014}'
