"""Connections that break around a commit."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from django.conf import settings

from gateway.commit.batcher import Batcher
from gateway.commit.orders import Settled, Store, StoreDown
from tests.commit.rig import assert_books_balance, batched, fund, here, money
from tests.commit.stands import Fragile
from tests.commit.targets import flat, paid
from tests.scale import scaled
from wallet.models import Hold

pytestmark = pytest.mark.django_db(transaction=True)
KILL = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.req("M8")
def test_a_lost_connection_charges_nothing_twice_and_keeps_no_hold(moment):
    (wallet,) = fund(100)

    async def work(batcher: Batcher, store: Store) -> Sequence[object]:
        await batcher.reserve(flat(1, wallet, 50))
        fragile = Batcher(Fragile(store, (moment, StoreDown())))
        both = fragile.settle(paid(1, wallet, 40)), fragile.reserve(flat(2, wallet, 10))
        results = await asyncio.gather(*both, return_exceptions=True)
        await fragile.drain()
        return results

    settled, reserved = batched(work)
    assert settled == Settled(first=True, paid=40, shortfall=0)
    assert isinstance(reserved, StoreDown)
    assert money(wallet) == (60, 0, 0)
    assert_books_balance()


def test_a_hold_that_a_sweeper_closed_during_an_outage_is_not_taken_for_our_own():
    (wallet,) = fund(100)

    async def work(batcher: Batcher, store: Store) -> Settled:
        await batcher.reserve(flat(1, wallet, 50))
        await batcher.settle(paid(1, wallet, 40, status=499, estimated=True))
        return await Batcher(Fragile(store, ("before", StoreDown()))).settle(paid(1, wallet, 40))

    assert batched(work) == Settled(first=False, paid=0, shortfall=0)
    assert money(wallet) == (60, 0, 0)


@pytest.mark.skipif(settings.SQLITE, reason="SQLite has no server: part of the run on PostgreSQL")
def test_a_killed_backend_is_outlived():
    (wallet,) = fund(10**6)
    calls = scaled(200, least=20)

    async def work(batcher: Batcher, _: Store) -> int:
        lost = 0
        for n in range(1, calls + 1):
            if n % 10 == 0:
                kill_backends()
            try:
                await batcher.reserve(flat(n, wallet, 10))
            except StoreDown:
                lost += 1
                continue
            assert (await batcher.settle(paid(n, wallet, 10))).first
        return lost

    lost = batched(work)
    assert lost == calls // 10
    assert money(wallet) == (10**6 - (calls - lost) * 10, 0, 0)
    assert_books_balance()


@pytest.mark.skipif(settings.SQLITE, reason="SQLite has no server: part of the run on PostgreSQL")
def test_backends_killed_under_load_leave_exact_books():
    (wallet,) = fund(10**9)

    async def work(batcher: Batcher, _: Store) -> int:
        done = 0

        async def call(first: int) -> None:
            nonlocal done
            for n in range(first, first + 40):
                try:
                    await batcher.reserve(flat(n, wallet, 10))
                except StoreDown:
                    continue
                settled = await batcher.settle(paid(n, wallet, 7))
                assert settled == Settled(first=True, paid=7, shortfall=0)  # also where the answer was lost
                done += 1

        async def kill() -> None:
            for _ in range(scaled(40, least=5)):
                await asyncio.sleep(0.05)
                kill_backends()

        await asyncio.gather(kill(), *(call(1 + 40 * n) for n in range(32)))
        return done

    done = batched(work)
    assert not Hold.objects.exists()
    assert money(wallet) == (10**9 - done * 7, 0, 0)
    assert_books_balance()


def kill_backends() -> None:
    """End every connection of a store; Django's own are left alone."""
    with psycopg.connect(here().where, application_name="killer") as other:
        other.execute(KILL, ["tollgate-commit"])
