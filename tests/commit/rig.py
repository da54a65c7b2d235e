"""The test database as a store sees it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from django.db import connection

from accounts.models import Group, User
from gateway.commit import conninfo
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Hold, Outcome, Reserve, Settle, Store
from tests.commit.targets import Target
from wallet import verify
from wallet.models import LedgerEntry, Wallet

T = TypeVar("T")
USD = 10**9
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)  # ids of tests may be as small as 1


def here() -> Target:
    """Return the database of this test run."""
    settings = connection.settings_dict
    return Target(connection.vendor, str(settings["NAME"]) if connection.vendor == "sqlite" else conninfo(settings))


def fund(*balances: int, credit_limit: int = 0) -> list[int]:
    """Return new accounts with these balances, each explained by a ledger entry."""
    group = Group.objects.get_or_create(is_default=True, defaults={"name": "default"})[0]
    start = User.objects.count()
    names = [User(username=f"payer{start + n}", email="", group=group) for n in range(len(balances))]
    ids = [user.pk for user in User.objects.bulk_create(names)]
    Wallet.objects.bulk_create(
        Wallet(user_id=key, balance=balance, credit_limit=credit_limit)
        for key, balance in zip(ids, balances, strict=True)
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(wallet_id=key, kind="start", amount=balance, reference=f"start:{key}")
        for key, balance in zip(ids, balances, strict=True)
        if balance
    )
    return ids


def commit(settles: Sequence[Settle] = (), reserves: Sequence[Reserve] = ()) -> Outcome:
    """Commit one batch through a store of its own."""

    async def main() -> Outcome:
        store = here().store()
        try:
            return await store.commit(settles, reserves)
        finally:
            await store.close()

    return asyncio.run(main())


def admitted(order: Reserve) -> bool:
    """Commit one reserve; return whether it holds."""
    return isinstance(commit(reserves=[order]).reserved[0], Hold)


def batched(work: Callable[[Batcher, Store], Coroutine[Any, Any, T]]) -> T:
    """Run `work` with a batcher and a store of its own."""
    return here().run(work)


async def lock_waited_for(*, seconds: float = 5) -> None:
    """Return as soon as somebody waits for a lock in this PostgreSQL database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(seconds):
        async with await psycopg.AsyncConnection.connect(here().where, autocommit=True) as looking:
            while await (await looking.execute(waiting)).fetchone() == (0,):
                await asyncio.sleep(0.005)


def money(wallet: int) -> tuple[int, int, int]:
    """Return free, held and owed."""
    return Wallet.objects.values_list("balance", "held", "owed").get(pk=wallet)


def assert_books_balance() -> None:
    """Fail with what does not add up."""
    found = verify.check(LONG_AGO)
    assert not found, "\n".join(map(str, found))
