"""Many callers, threads and processes on the same wallets."""

import asyncio
import multiprocessing
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings

from gateway.commit.batcher import Batcher
from gateway.commit.mint import Mint
from gateway.commit.orders import Conflict, Hold, Limit, Locked, Outcome, Reserve, Settle, Settled, Store
from tests.commit.rig import assert_books_balance, batched, fund, here, lock_waited_for, money
from tests.commit.targets import flat, paid
from tests.races.spender import spend
from tests.scale import scaled
from usage.models import CallLog
from wallet.models import Budget
from wallet.models import Hold as HoldRow

pytestmark = pytest.mark.django_db(transaction=True)
SPAWN = multiprocessing.get_context("spawn")  # a process as a server's: nothing inherited


@pytest.mark.req("M1")
def test_two_processes_of_64_callers_admit_exactly_what_is_affordable():
    first, second = scaled(931, least=131), scaled(400, least=100)
    wallets = fund(first * 100 + 99, second * 100)
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        runs = [pool.submit(spend, here(), worker, wallets) for worker in (1, 2)]
        assert sum(run.result() for run in runs) == first + second
    assert [money(wallet) for wallet in wallets] == [(99, 0, 0), (0, 0, 0)]
    assert CallLog.objects.count() == first + second
    assert_books_balance()


def test_64_callers_never_pass_a_limit_together():
    (wallet,) = fund(10**6)
    limits = (Limit("rpm", wallet, 60, 40), Limit("parallel", wallet, 0, 7), Limit("key", 1, 0, 10**5))

    async def work(batcher: Batcher, _: Store) -> tuple[int, int]:
        most = opened = 0

        async def call(n: int) -> bool:
            nonlocal most, opened
            if not isinstance(await batcher.reserve(flat(n, wallet, 10, *limits)), Hold):
                return False
            opened += 1
            most = max(most, opened)
            await asyncio.sleep(0)
            opened -= 1
            await batcher.settle(paid(n, wallet, 10))
            return True

        done = 0
        for turn in range(8):
            done += sum(await asyncio.gather(*(call(turn * 64 + n) for n in range(1, 65))))
        return done, most

    done, most = batched(work)
    assert done == 40
    assert most <= 7
    assert Budget.objects.get(kind="rpm").spent == 40
    assert_books_balance()


@pytest.mark.req("M8")
def test_eight_threads_settle_a_hold_once():
    (wallet,) = fund(10_000)
    target, gate = here(), threading.Barrier(8)

    async def reserve(batcher: Batcher, _: Store) -> None:
        await asyncio.gather(*(batcher.reserve(flat(n, wallet, 100)) for n in range(1, 21)))

    def settle(_: int) -> list[Settled]:
        async def work(batcher: Batcher, _: Store) -> list[Settled]:
            gate.wait()
            return await asyncio.gather(*(batcher.settle(paid(n, wallet, 70)) for n in range(1, 21)))

        return target.run(work)

    batched(reserve)
    with ThreadPoolExecutor(8) as pool:
        results = [settled for part in pool.map(settle, range(8)) for settled in part]
    assert sum(settled.first for settled in results) == 20
    assert money(wallet) == (10_000 - 20 * 70, 0, 0)
    assert_books_balance()


def test_a_poisoned_row_fails_alone():
    (wallet,) = fund(10_000)

    async def work(batcher: Batcher, _: Store) -> list[object]:
        await asyncio.gather(*(batcher.reserve(flat(n, wallet, 10)) for n in (1, 2, 3)))
        settles = [batcher.settle(paid(n, wallet, -5 if n == 2 else 5)) for n in (1, 2, 3)]
        reserves = [batcher.reserve(flat(n, wallet, 10)) for n in (4, 5, 4, 6)]  # an id used twice
        return await asyncio.gather(*settles, *reserves, return_exceptions=True)

    results = batched(work)
    assert [isinstance(r, Exception) for r in results] == [False, True, False, False, False, True, False]
    assert money(wallet) == (10_000 - 5 - 5 - 40, 40, 0)
    assert_books_balance()


class Counting:
    """A store that counts the conflicts of the one inside."""

    def __init__(self, store: Store) -> None:
        self.store, self.conflicts = store, 0

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        try:
            return await self.store.commit(settles, reserves)
        except Conflict:
            self.conflicts += 1
            raise

    async def recall(self, order: Settle) -> Settled | None:
        return await self.store.recall(order)

    async def free(self, wallets: set[int]) -> set[int]:
        return await self.store.free(wallets)

    async def save_seen(self, seen: dict[int, int]) -> None:
        await self.store.save_seen(seen)

    async def close(self) -> None:
        await self.store.close()


def test_two_batchers_on_shared_wallets_and_budgets_never_deadlock():
    wallets = fund(*[10**9] * 8)
    target, rounds = here(), scaled(40, least=10)

    async def main() -> tuple[int, int]:
        stores = [Counting(target.store()), Counting(target.store())]
        batchers, mints = [Batcher(store, cap=6) for store in stores], [Mint(1), Mint(2)]

        async def call(n: int) -> None:
            dice = random.Random(n)
            for _ in range(rounds):
                wallet = dice.choice(wallets)
                limits = [Limit("key", owner, 0, 10**9) for owner in dice.sample(range(9), 4)]
                order = flat(mints[n % 2].next(), wallet, 100, *limits)
                assert isinstance(await batchers[n % 2].reserve(order), Hold)
                batchers[n % 2].save_seen(order.id, n)
                await batchers[dice.randint(0, 1)].settle(paid(order.id, wallet, 60))

        await asyncio.gather(*map(call, range(96)))
        for batcher, store in zip(batchers, stores, strict=True):
            await batcher.drain()
            await store.close()
        return sum(batcher.orders for batcher in batchers), sum(store.conflicts for store in stores)

    assert asyncio.run(main()) == (2 * 96 * rounds, 0)
    assert_books_balance()


def test_a_cancelled_caller_keeps_no_hold():
    (wallet,) = fund(10**6)
    turns = scaled(60, least=12)

    async def work(batcher: Batcher, _: Store) -> int:
        kept = 0
        for turn in range(turns):
            tasks = [asyncio.create_task(batcher.reserve(flat(turn * 10 + n + 1, wallet, 10))) for n in range(10)]
            await asyncio.sleep(random.uniform(0, 0.003))
            while not tasks[0].done() and turn % 3 == 0:
                await asyncio.sleep(0)  # the result is there, some callers have not run yet
            for task in tasks[1:]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            kept += sum(isinstance(result, Hold) for result in results)
        return kept

    kept = batched(work)
    assert HoldRow.objects.count() == kept
    assert kept >= turns
    assert_books_balance()


@pytest.mark.skipif(settings.SQLITE, reason="SQLite locks its file, not rows: part of the run on PostgreSQL")
def test_a_wallet_locked_elsewhere_holds_up_nobody_else():
    locked, open_ = fund(1000, 1000)

    async def work(batcher: Batcher, _: Store) -> tuple[list[object], Settled]:
        await batcher.reserve(flat(1, locked, 1))
        with psycopg.connect(here().where) as other:
            other.execute("SELECT * FROM wallet_wallet WHERE user_id = %s FOR UPDATE", [locked])
            orders = [batcher.reserve(flat(n, locked if n % 2 else open_, 1)) for n in range(2, 8)]
            late = asyncio.create_task(batcher.settle(paid(1, locked, 1)))
            results = await asyncio.gather(*orders, return_exceptions=True)
        return list(results), await late

    results, settled = batched(work)
    assert [type(result) for result in results] == [Hold, Locked] * 3
    assert settled.first
    assert_books_balance()


@pytest.mark.skipif(settings.SQLITE, reason="SQLite locks its file, not rows: part of the run on PostgreSQL")
def test_wallets_are_locked_in_the_order_of_their_ids():
    wallets = fund(*[1000] * 8)

    async def work(_: Batcher, store: Store) -> list[int]:
        with psycopg.connect(here().where) as other:
            other.execute("SELECT * FROM wallet_wallet WHERE user_id = %s FOR UPDATE", [wallets[0]])
            orders = [flat(n, wallet, 1, Limit("key", n, 0, 9)) for n, wallet in enumerate(reversed(wallets))]
            commit = asyncio.create_task(store.commit([], orders))
            await lock_waited_for()  # for the least id; it must hold no greater one
            with psycopg.connect(here().where) as third:
                rows = third.execute("SELECT user_id FROM wallet_wallet ORDER BY 1 FOR UPDATE SKIP LOCKED").fetchall()
        await commit
        return [key for (key,) in rows]

    assert batched(work) == wallets[1:]
