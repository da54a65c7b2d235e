"""Ids that grow, and their text form."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import callids
from gateway.commit.mint import Mint, hour_of, moment, request_id


def test_ids_grow_also_when_the_clock_steps_back_and_a_millisecond_is_used_up():
    ticks = iter([5_000_000, *[4_000_000] * 5000])
    mint = Mint(1023, clock=lambda: next(ticks))
    ids = [mint.next() for _ in range(5001)]
    assert ids == sorted(set(ids))
    assert {(key >> callids.SEQUENCE_BITS) & 1023 for key in ids} == {1023}
    assert hour_of(ids[0]) == 1


def test_two_workers_never_mint_the_same_id():
    mints = [Mint(worker, clock=lambda: 7) for worker in range(4)]
    ids = [mint.next() for mint in mints for _ in range(3000)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("worker", [-1, 1024])
def test_a_worker_number_has_ten_bits(worker):
    with pytest.raises(ValueError, match="10 bits"):
        Mint(worker)


def test_an_id_tells_its_moment():
    now = datetime(2026, 11, 23, 4, 5, 6, 789_000, tzinfo=UTC)
    key = Mint(5, clock=lambda: int(now.timestamp() * 1000)).next()
    assert moment(key) == now
    assert callids.first_id(now) <= key
    assert hour_of(key) == int(now.timestamp()) // 3600
    assert key < 2**63


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_the_text_form_goes_both_ways_and_sorts(one, other):
    assert callids.call_id(request_id(one)) == one
    assert (one < other) == (request_id(one) < request_id(other))


@pytest.mark.parametrize(
    "text",
    ["", "req_", "req_12", "0" * 20, "req_" + "G" * 16, "req_" + "A" * 16, "req_f" + "0" * 15, "req_-" + "0" * 15],
)
def test_other_texts_are_no_request_ids(text):
    with pytest.raises(ValueError, match="request id"):
        callids.call_id(text)
