"""A disk without room: what cannot be written is refused, and nothing is half done."""

import asyncio
import resource
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from gateway.commit.batcher import Batcher
from gateway.commit.orders import Hold, Settled, Store, StoreDown
from tests.commit.rig import assert_books_balance, batched, fund, here, money
from tests.commit.targets import flat, paid
from usage.models import CallLog

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def full_disk():
    """Let no file grow: on SQLite by the kernel's limit, on PostgreSQL by a trigger that says what its disk would."""
    if settings.SQLITE:
        with sqlite3.connect(here().where) as lite:
            lite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        lite.close()
        size = Path(here().where).stat().st_size
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (min(size, 8192), before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    tables = ("wallet_hold", "usage_calllog")
    run(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
    )
    for table in tables:
        run(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()")
    try:
        yield
    finally:
        for table in tables:
            run(f"DROP TRIGGER no_room ON {table}")
        run("DROP FUNCTION no_room")


def run(statement: str) -> None:
    with psycopg.connect(here().where) as other:
        other.execute(statement)


@pytest.mark.req("M3")
def test_a_full_disk_refuses_new_calls_and_settles_old_ones_when_there_is_room():
    (wallet,) = fund(1000)
    connection.close()

    async def work(batcher: Batcher, _: Store) -> list[object]:
        await batcher.reserve(flat(1, wallet, 100))
        with full_disk():
            with pytest.raises(StoreDown):
                await batcher.reserve(flat(2, wallet, 10))
            late = asyncio.create_task(batcher.settle(paid(1, wallet, 60)))
            await asyncio.sleep(0.5)
            assert not late.done()
        return [await late, await batcher.reserve(flat(3, wallet, 10))]

    settled, hold = batched(work)
    assert settled == Settled(first=True, paid=60, shortfall=0)
    assert isinstance(hold, Hold)
    assert money(wallet) == (930, 10, 0)
    assert CallLog.objects.count() == 1
    assert_books_balance()
