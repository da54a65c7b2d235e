"""How callers share commits, and what happens to them when one fails. No database."""

import asyncio
import logging

import pytest

from gateway.commit import batcher as batching
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Conflict, Hold, Locked, Record, Reserve, Settle, Settled, StoreDown
from tests.commit.stands import Fragile, Paper

OFF = ("before", StoreDown())


def reserve(key: int, wallet: int = 1) -> Reserve:
    return Reserve(key, wallet, 0, 1, 0, 10)


def settle(key: int, wallet: int = 1) -> Settle:
    return Settle(key, wallet, 1, Record())


def note(key: int) -> Settle:
    return Settle(key, 1, 0, Record(kind="error"), held=False)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(batching, "PAUSE_S", 0.001)


def test_whoever_comes_while_a_commit_is_in_flight_shares_the_next():
    store = Paper()

    async def main():
        shared = Batcher(store)
        first = asyncio.create_task(shared.reserve(reserve(1)))
        await asyncio.sleep(0)
        await asyncio.gather(*(shared.reserve(reserve(n)) for n in range(2, 60)), shared.settle(settle(99)), first)
        return shared.version, shared.commits, shared.orders

    assert asyncio.run(main()) == (len(store.batches), len(store.batches), 60)
    assert len(store.batches) <= 2


def test_a_batch_is_capped_and_keeps_the_order_of_arrival():
    store = Paper()

    async def main():
        await asyncio.gather(*(shared.reserve(reserve(n)) for shared in [Batcher(store, cap=7)] for n in range(20)))

    asyncio.run(main())
    assert [len(reserves) for _, reserves in store.batches] == [7, 7, 6]
    assert [key for _, reserves in store.batches for key in reserves] == list(range(20))


def test_a_conflict_is_tried_again():
    async def main():
        return await Batcher(Fragile(Paper(), *[("before", Conflict())] * 4)).reserve(reserve(1))

    assert isinstance(asyncio.run(main()), Hold)


def test_an_endless_conflict_refuses_reserves_and_keeps_settlements_queued():
    conflicts = [("before", Conflict())] * 15  # of the batch, then of each row

    async def main():
        shared = Batcher(Fragile(Paper(), *conflicts))
        return await asyncio.gather(shared.reserve(reserve(1)), shared.settle(settle(2)), return_exceptions=True)

    refused, settled = asyncio.run(main())
    assert isinstance(refused, Locked)
    assert isinstance(settled, Settled)


def test_a_poisoned_row_fails_alone(caplog):
    def refuse(settles, _):
        if any(order.id == 2 for order in settles):
            raise ValueError("poison")

    async def main():
        shared = Batcher(Paper(refuse))
        return await asyncio.gather(*(shared.settle(settle(n)) for n in (1, 2, 3)), return_exceptions=True)

    first, second, third = asyncio.run(main())
    assert isinstance(first, Settled)
    assert isinstance(second, ValueError)
    assert isinstance(third, Settled)
    assert "Settlement failed" in caplog.text


def test_a_reserve_fails_at_once_while_the_store_is_down_and_is_released_later():
    store = Paper()

    async def main():
        shared = Batcher(Fragile(store, OFF))
        with pytest.raises(StoreDown):
            await shared.reserve(reserve(1))
        await shared.drain()

    asyncio.run(main())
    assert store.batches == [([1], [])]


def test_a_settlement_outlasts_a_short_outage():
    async def main():
        return await Batcher(Fragile(Paper(), *[OFF] * 5)).settle(settle(1))

    assert asyncio.run(main()).first


def test_a_settlement_that_came_late_is_told_and_booked_all_the_same(caplog):
    store = Paper()

    async def main():
        shared = Batcher(Fragile(store, *[OFF] * 5), patience_s=0)
        with pytest.raises(StoreDown):
            await shared.settle(settle(1))
        await shared.drain()

    asyncio.run(main())
    assert store.batches == [([1], [])]
    assert "it stays queued" in caplog.text


def test_a_cancelled_caller_gives_its_hold_back():
    store = Paper()

    async def main():
        shared = Batcher(store)
        tasks = [asyncio.create_task(shared.reserve(reserve(n))) for n in (1, 2)]
        while not store.batches:
            await asyncio.sleep(0)  # until the batch is on its way
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await shared.drain()

    asyncio.run(main())
    assert store.batches == [([], [1, 2]), ([1], [])]


def test_a_caller_cancelled_before_the_commit_never_asks():
    store = Paper()

    async def main():
        shared = Batcher(store)
        task = asyncio.create_task(shared.reserve(reserve(1)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await shared.drain()

    asyncio.run(main())
    assert store.batches in ([], [([], [1]), ([1], [])])


def test_a_cancelled_caller_does_not_cancel_its_settlement():
    store = Paper()

    async def main():
        shared = Batcher(store)
        task = asyncio.create_task(shared.settle(settle(1)))
        await asyncio.sleep(0)
        task.cancel()
        await shared.drain()

    asyncio.run(main())
    assert store.batches == [([1], [])]


def test_notes_wait_for_the_store_and_the_oldest_are_dropped(monkeypatch, caplog):
    monkeypatch.setattr(batching, "MOST_NOTES", 10)
    store = Paper()

    async def main():
        shared = Batcher(Fragile(store, *[OFF] * 3))
        for key in range(25):
            shared.note(note(key))
        await shared.drain()

    asyncio.run(main())
    assert store.batches == [(list(range(15, 25)), [])]
    assert caplog.text.count("Log rows dropped") == 1


def test_a_note_that_fails_is_logged_and_forgotten(caplog):
    def refuse(settles, _):
        if any(order.id == 1 for order in settles):
            raise ValueError("poison")

    store = Paper(refuse)

    async def main():
        shared = Batcher(store)
        shared.note(note(1))
        shared.note(note(2))
        await shared.drain()

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    assert store.batches == [([2], [])]
    assert "Settlement failed" in caplog.text


def test_a_note_has_no_hold():
    async def main():
        Batcher(Paper()).note(settle(1))

    with pytest.raises(ValueError, match="no hold"):
        asyncio.run(main())


@pytest.mark.parametrize("parts", [{"record": None}, {"record": Record(), "held": False}])
def test_what_has_no_hold_or_no_record_charges_nothing(parts):
    with pytest.raises(ValueError, match="charges nothing"):
        Settle(1, 1, 5, **parts)


def test_progress_of_streams_rides_along_and_the_newest_counts(caplog):
    store = Paper()

    async def main():
        shared = Batcher(store)
        shared.save_seen(1, 10)
        shared.save_seen(1, 20)
        shared.save_seen(2, 5)
        await shared.drain()

    asyncio.run(main())
    assert store.seen == {1: 20, 2: 5}
    assert store.batches == []


def test_progress_that_cannot_be_saved_stops_nothing(monkeypatch, caplog):
    store = Paper()

    async def refuse(_):
        raise StoreDown

    monkeypatch.setattr(store, "save_seen", refuse)

    async def main():
        shared = Batcher(store)
        shared.save_seen(1, 10)
        return await shared.settle(settle(1))

    assert asyncio.run(main()).first
    assert "Progress of streams not saved" in caplog.text
