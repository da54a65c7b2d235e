"""A wallet that is locked elsewhere for seconds: its own callers are refused, nobody else waits long."""

import asyncio
import time
from collections.abc import Awaitable

import psycopg
import pytest
from django.conf import settings

from gateway.commit.batcher import Batcher
from gateway.commit.orders import Hold, Locked, Refused, Settled, Store
from tests.commit.rig import assert_books_balance, batched, fund, here, money
from tests.commit.targets import flat, paid

pytestmark = [
    pytest.mark.skipif(settings.SQLITE, reason="SQLite locks its file, not rows: part of the run on PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]
LOCKED_S = 5.0
PATIENCE_S = 1.5  # of a caller of the gate
LOCK = "SELECT 1 FROM wallet_wallet WHERE user_id = ANY(%s) FOR UPDATE"


async def timed(order: Awaitable[Hold | Refused]) -> tuple[type[object], float]:
    began = time.monotonic()
    try:
        result: object = await order
    except Locked as error:
        result = error
    return type(result), time.monotonic() - began


def test_the_others_are_admitted_in_time_all_the_while_it_is_locked():
    locked, *others = fund(*[1000] * 6)

    async def work(batcher: Batcher, _: Store) -> tuple[list[tuple[type[object], float]], list[object], Settled]:
        await batcher.reserve(flat(1, locked, 10))
        with psycopg.connect(here().where) as other:
            other.execute(LOCK, [[locked]])
            until = time.monotonic() + LOCKED_S
            late = asyncio.create_task(batcher.settle(paid(1, locked, 7)))
            innocent, victims, key = [], [], 100
            while time.monotonic() < until:  # at every moment of it: beside the settlement, and beside new calls
                victims.append(asyncio.create_task(timed(batcher.reserve(flat(key, locked, 1), within=PATIENCE_S))))
                for wallet in others:
                    key += 1
                    order = batcher.reserve(flat(key, wallet, 1), within=PATIENCE_S)
                    innocent.append(asyncio.create_task(timed(order)))
                key += 1
                await asyncio.sleep(0.1)
            seen = await asyncio.gather(*innocent)
            refused = await asyncio.gather(*victims)
            assert not late.done()
        return seen, [kind for kind, _ in refused], await late

    seen, refused, settled = batched(work)
    assert {kind for kind, _ in seen} == {Hold}
    assert max(wait for _, wait in seen) < PATIENCE_S
    assert sorted(wait for _, wait in seen)[len(seen) * 3 // 4] < 0.3, "most do not feel it"
    assert set(refused) == {Locked}
    assert (settled.first, settled.paid) == (True, 7)
    assert money(locked) == (993, 0, 0)
    assert {money(wallet)[:2] for wallet in others} == {(1000 - len(seen) // 5, len(seen) // 5)}
    assert_books_balance()


def test_many_locked_wallets_hold_the_others_up_no_longer_than_one():
    *locked, open_ = fund(*[1000] * 9)

    async def work(batcher: Batcher, _: Store) -> tuple[list[type[object]], tuple[type[object], float]]:
        with psycopg.connect(here().where) as other:
            other.execute(LOCK, [locked])
            victims = [asyncio.create_task(timed(batcher.reserve(flat(n, key, 1)))) for n, key in enumerate(locked, 1)]
            innocent = await timed(batcher.reserve(flat(50, open_, 1)))
            return [kind for kind, _ in await asyncio.gather(*victims)], innocent

    refused, (kind, wait) = batched(work)
    assert set(refused) == {Locked}
    assert kind is Hold
    assert wait < PATIENCE_S
    assert_books_balance()


def test_a_wallet_that_was_let_go_of_is_admitted_again_at_once():
    locked, open_ = fund(1000, 1000)

    async def work(batcher: Batcher, _: Store) -> list[tuple[type[object], float]]:
        with psycopg.connect(here().where) as other:
            other.execute(LOCK, [[locked]])
            both = [batcher.reserve(flat(n, key, 1)) for n, key in enumerate((locked, open_), 1)]
            first = await asyncio.gather(*(timed(order) for order in both))
        return [
            *first,
            await timed(batcher.reserve(flat(3, locked, 1))),
            await timed(batcher.reserve(flat(4, open_, 1))),
        ]

    (refused, _), (kind, _), (again, wait), (after, _) = batched(work)
    assert (refused, kind, again, after) == (Locked, Hold, Hold, Hold)
    assert wait < 0.5
    assert_books_balance()


def test_a_wallet_that_is_only_busy_is_refused_to_nobody():
    busy, open_ = fund(10_000, 10_000)

    async def hog(stop: asyncio.Event) -> None:
        """Keep it locked most of the time, as the commits of many workers do."""
        async with await psycopg.AsyncConnection.connect(here().where) as other:
            while not stop.is_set():
                await other.execute(LOCK, [[busy]])
                await asyncio.sleep(0.004)
                await other.commit()
                await asyncio.sleep(0.001)

    async def work(batcher: Batcher, _: Store) -> list[tuple[type[object], float]]:
        with psycopg.connect(here().where) as other:  # the batcher knows it as locked
            other.execute(LOCK, [[busy]])
            assert (await timed(batcher.reserve(flat(1, busy, 1))))[0] is Locked
        stop = asyncio.Event()
        beside = asyncio.create_task(hog(stop))
        results = [await timed(batcher.reserve(flat(n, (busy, open_)[n % 2], 1))) for n in range(10, 60)]
        stop.set()
        await beside
        return results

    results = batched(work)
    assert [kind for kind, _ in results].count(Hold) >= 48
    assert_books_balance()


def test_what_is_free_is_what_nobody_has_locked():
    one, two, three = fund(1, 1, 1)

    async def work(_: Batcher, store: Store) -> list[set[int]]:
        with psycopg.connect(here().where) as other:
            other.execute(LOCK, [[two]])
            during = await store.free({one, two, three, 987_654_321})
        return [during, await store.free({one, two, three}), await store.free(set())]

    assert batched(work) == [{one, three, 987_654_321}, {one, two, three}, set()]
