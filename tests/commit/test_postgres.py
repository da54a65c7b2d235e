"""What the PostgreSQL store makes of its server's errors."""

import asyncio

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from gateway.commit import conninfo, open_store
from gateway.commit.orders import Conflict, Hold, Locked, StoreDown
from gateway.commit.postgres import PostgresStore
from gateway.commit.sqlite import SqliteStore
from tests.commit.rig import assert_books_balance, batched, fund, here
from tests.commit.targets import flat

needs_postgres = pytest.mark.skipif(settings.SQLITE, reason="of PostgreSQL: part of the run on PostgreSQL")


def test_the_connection_is_djangos():
    database = {
        "NAME": "n", "USER": "u", "PASSWORD": "it's secret", "HOST": "", "PORT": 5433,
        "OPTIONS": {"pool": {"max_size": 8}, "sslmode": "require", "isolation_level": 1},
    }  # fmt: skip
    parts = psycopg.conninfo.conninfo_to_dict(conninfo(database))
    assert parts["dbname"] == "n"
    assert parts["password"] == "it's secret"
    assert parts["port"] == 5433 or parts["port"] == "5433"
    assert parts["sslmode"] == "require"
    assert not {"host", "pool", "isolation_level"} & set(parts)


def test_the_store_is_that_of_the_database():
    kind = SqliteStore if connection.vendor == "sqlite" else PostgresStore
    assert isinstance(open_store(), kind)


def test_a_server_that_is_not_there_is_a_store_that_is_down():
    store = PostgresStore("host=127.0.0.1 port=9 dbname=none", default_bound=1)
    with pytest.raises(StoreDown):
        asyncio.run(store.commit([], []))


MEANINGS = {
    "40P01": Conflict,
    "40001": Conflict,
    "55P03": Locked,
    "53100": StoreDown,  # disk_full
    "53300": StoreDown,  # too_many_connections
    "57P01": StoreDown,  # admin_shutdown
    "57014": StoreDown,  # query_canceled
    "58030": StoreDown,  # io_error
    "25006": StoreDown,  # read_only_sql_transaction
    "23505": psycopg.errors.UniqueViolation,
    "22003": psycopg.errors.NumericValueOutOfRange,
}


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_each_error_of_the_server_has_a_meaning():
    (wallet,) = fund(100)

    async def meaning(state: str) -> type[Exception] | None:
        with psycopg.connect(here().where, autocommit=True) as other:
            other.execute(
                f"""CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'as the test says' USING ERRCODE = '{state}'; END $$"""
            )
        store = here().store()
        try:
            await store.commit([], [flat(1, wallet, 10)])
        except Exception as error:  # noqa: BLE001 (the test asks which)
            return type(error)
        finally:
            await store.close()
        return None

    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
               CREATE TRIGGER refuse BEFORE INSERT ON wallet_hold FOR EACH ROW EXECUTE FUNCTION refuse()"""
        )
    try:
        assert {state: asyncio.run(meaning(state)) for state in MEANINGS} == MEANINGS
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON wallet_hold; DROP FUNCTION refuse")
    assert_books_balance()


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_a_silent_server_is_out_of_reach(monkeypatch):
    (wallet,) = fund(100)
    monkeypatch.setattr("gateway.commit.postgres.ANSWER_S", 0.2)

    async def work(batcher, store):
        await store.commit([], [])
        with psycopg.connect(here().where) as other:
            other.execute("LOCK TABLE common_version IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreDown):
                await store.commit([], [flat(1, wallet, 10)])
        return await store.commit([], [flat(2, wallet, 10)])

    assert isinstance(batched(work).reserved[0], Hold)
    assert_books_balance()
