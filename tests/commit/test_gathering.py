"""Who joins a batch before it closes. No database."""

import asyncio

import pytest

from gateway.commit import batcher as batching
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Reserve
from tests.commit.stands import Paper


async def trickle(shared: Batcher, count: int, turns: int) -> None:
    """Reserve so many times, one by one, so many turns of the loop after each other."""
    callers = []
    for number in range(count):
        callers.append(asyncio.create_task(shared.reserve(Reserve(number, 1, 0, 1, 0, 10))))
        for _ in range(turns):
            await asyncio.sleep(0)
    await asyncio.gather(*callers)


@pytest.mark.parametrize(("count", "turns", "batches"), [(12, 1, 1), (8, 3, 1), (3, 12, 3)])
def test_a_batch_waits_for_who_is_about_to_come_and_for_nobody_else(count, turns, batches):
    store = Paper()
    asyncio.run(trickle(Batcher(store), count, turns))
    assert len(store.batches) == batches


def test_callers_without_end_do_not_keep_a_batch_open():
    store = Paper()
    asyncio.run(trickle(Batcher(store), 3 * batching.MOST_TURNS, 1))
    assert len(store.batches) >= 3


def test_a_full_batch_waits_for_nobody():
    store = Paper()
    asyncio.run(trickle(Batcher(store, cap=5), 10, 1))
    assert [len(reserves) for _, reserves in store.batches] == [5, 5]
