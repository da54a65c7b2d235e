"""What a call cost, by numbers alone."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import NANO
from gateway import estimate
from gateway.asked import Asked
from gateway.bill import Bill, bill, guess, reported_cost
from gateway.commit.orders import Hold
from gateway.formats import chat
from gateway.formats.usage import units
from gateway.held import Held
from gateway.routing import Candidate
from pricing.units import Rates, Units

MAIN = Candidate(1, "main", "openai", "http://x", "m", "m")
RATES = Rates(7, "price", 1 * NANO, 2 * NANO, context=10_000, max_output=1_000)
counts = st.integers(-(10**12), 10**12) | st.none() | st.booleans() | st.floats() | st.text(max_size=3)


def held(rates: Rates = RATES, *, amount: int = 3_000_000, bound: int = 1_000, **asked: Any) -> Held:
    call = SimpleNamespace(
        prices={"main": rates},
        known_format=chat,
        known_request=Asked(body=b"", payload={}, model="m", **{"prompt_tokens": 100, **asked}),
        known_caller=SimpleNamespace(multiplier_ppm=1_000_000),
    )
    return Held(call, Hold(1, 1, amount, bound))  # type: ignore[arg-type]


def billed(usage: Any, seen: int = 30, **given_held: Any) -> Bill:
    return bill(held(**given_held), MAIN, usage, lambda: seen)


def used(prompt: Any, completion: Any, **fields: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, **fields}


def test_plausible_usage_is_charged_exactly() -> None:
    assert billed(used(100, 20)) == Bill(Units(100, 20), 140_000, 7, "price")


def test_plausible_usage_may_pass_the_hold() -> None:
    assert billed(used(9_000, 20), amount=10).charge == 9_040_000


@pytest.mark.req("M7")
@pytest.mark.parametrize(
    "usage",
    [
        None,
        "many",
        [],
        {},
        used(-1, 5),
        used(5, -1),
        used(True, 5),  # noqa: FBT003 (a bool is the case)
        used(1.5, 2),
        used("5", 2),
        used(10_001, 1),
        used(1, 1_001),
        used(1, 2**40),
        used(None, None),
        used(1, 2, prompt_tokens_details={"cached_tokens": -3}),
    ],
)
def test_anything_else_is_estimated(usage: Any) -> None:
    assert billed(usage) == Bill(Units(100, 10), 120_000, 7, "price", estimated=True)


@pytest.mark.req("M7")
@given(counts, counts, st.integers(0, 10**7), st.integers(0, 10**9))
def test_what_is_not_believed_never_passes_the_hold(prompt: Any, completion: Any, seen: int, amount: int) -> None:
    found = billed(used(prompt, completion), seen=seen, amount=amount)
    assert found.charge >= 0
    if found.estimated:
        assert found.charge <= amount
    assert 0 <= found.units.output <= estimate.LARGEST


@pytest.mark.req("M7")
def test_zero_is_zero() -> None:
    assert billed(used(0, 0)) == Bill(Units(), 0, 7, "price")


def test_the_clients_own_maximum_binds() -> None:
    assert billed(used(100, 51), bound=50, client_max=50).estimated
    assert not billed(used(100, 50), bound=50, client_max=50).estimated
    assert not billed(used(100, 150), bound=50, client_max=50, copies=3).estimated


def test_a_bound_that_was_told_binds_and_one_that_was_refused_does_not() -> None:
    assert billed(used(100, 60), bound=50).estimated
    free = held(bound=50)
    free.bounded = False
    assert not bill(free, MAIN, used(100, 60), lambda: 0).estimated


def test_without_a_known_context_a_prompt_may_be_three_times_the_estimate_and_some() -> None:
    rates = Rates(7, "price", NANO, NANO)
    assert not billed(used(60_000, 5), rates=rates).estimated
    assert billed(used(10**9, 5), rates=rates).estimated


def test_a_guess_says_no_more_than_was_held() -> None:
    assert guess(held(bound=10), MAIN, seen=10**6).units.output == 10


@pytest.mark.parametrize(
    ("cost", "nano"),
    [
        (0, 0),
        (0.00123, 1_230_000),
        ("0.00123", 1_230_000),
        (1e-9, 1),
        (4e-10, 0),
        (5e-10, 1),
        (1e-30, 0),
        (-0.1, None),
        (1.1, None),
        (True, None),
        (None, None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999999", None),
        ("twelve", None),
        ([], None),
        ({}, None),
    ],
)
def test_a_reported_cost_is_read_as_a_decimal(cost: Any, nano: int | None) -> None:
    assert reported_cost(cost, 1_000_000, most=NANO) == nano


@given(st.integers(0, 10**9))
def test_a_reported_cost_is_exact(nano: int) -> None:
    assert reported_cost(nano / NANO, 1_000_000, most=NANO) == nano


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        (used(9, 5), Units(9, 5)),
        (used(9, 5, prompt_tokens_details=None, completion_tokens_details="x"), Units(9, 5)),
        (used(9, 5, prompt_tokens_details={"cached_tokens": 4, "audio_tokens": 2}), Units(9, 5, 4, audio_input=2)),
        (used(9, 5, prompt_tokens_details={"cached_tokens": None}), Units(9, 5)),
        (used(9, 5, prompt_tokens_details={"cache_write_tokens": 3}), Units(9, 5, cache_write=3)),
        (used(9, 5, prompt_tokens_details={"cache_creation_tokens": 3}), Units(9, 5, cache_write=3)),
        (used(9, 5, prompt_cache_hit_tokens=4), Units(9, 5, 4)),
        (used(9, 5, completion_tokens_details={"reasoning_tokens": 2, "audio_tokens": 1}), Units(9, 5, 0, 0, 2, 0, 1)),
        (used(9, 5, total_tokens=16, completion_tokens_details={"reasoning_tokens": 2}), Units(9, 7, reasoning=2)),
        (used(9, 5, total_tokens=14, completion_tokens_details={"reasoning_tokens": 2}), Units(9, 5, reasoning=2)),
    ],
)
def test_every_dialect_of_usage_is_read(usage: dict[str, Any], found: Units) -> None:
    assert units(usage) == found


class TestEstimates:
    def test_text_counts_by_its_bytes(self) -> None:
        assert estimate.prompt_tokens([{"role": "user", "content": "abcd"}]) == 2 + 8
        assert estimate.prompt_tokens([{"role": "user", "content": "你好"}]) == 2 + 8

    def test_images_count_by_number_and_not_by_size(self, settings) -> None:
        settings.IMAGE_TOKENS = 500
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
        parts = [{"type": "text", "text": "abc"}, image, image]
        text = len("typetexttextabc")
        assert estimate.prompt_tokens([{"role": "user", "content": parts}]) == -(-text // 3) + 8 + 1000

    def test_sounds_count_by_their_length(self, settings) -> None:
        settings.IMAGE_TOKENS = 0
        sound = {"type": "input_audio", "input_audio": {"data": "A" * 100_000, "format": "mp3"}}
        assert 100 <= estimate.prompt_tokens([{"role": "user", "content": [sound]}]) <= 120

    def test_schemas_and_calls_of_tools_count(self) -> None:
        plain = estimate.prompt_tokens([{"role": "user", "content": "x"}])
        tools = [{"type": "function", "function": {"name": "look", "description": "y" * 300}}]
        assert estimate.prompt_tokens([{"role": "user", "content": "x"}], tools) > plain + 100
        called = {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "z" * 300}}]}
        assert estimate.prompt_tokens([called]) >= 100 + 8

    @given(st.recursive(st.none() | st.text(), lambda below: st.lists(below) | st.dictionaries(st.text(), below)))
    def test_any_content_can_be_estimated(self, content: Any) -> None:
        assert estimate.prompt_tokens([{"content": content}, {"content": [content]}]) >= 16

    @pytest.mark.parametrize(
        ("context", "max_output", "limit"),
        [(None, None, None), (None, 500, 500), (1000, None, 900), (1000, 500, 500), (400, 500, 300), (50, 500, 1)],
    )
    def test_an_answer_fits_beside_its_prompt(self, context: int, max_output: int, limit: int) -> None:
        rates = Rates(1, "price", 1, 1, context=context, max_output=max_output)
        assert estimate.output_limit(rates, 100) == limit
