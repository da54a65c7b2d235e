"""Random runs: the books balance on each store, and both decide alike."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.db import connection

from gateway.commit.mint import Mint
from gateway.commit.orders import Limit, Outcome, Record, Refused, Reserve, Settle
from notifications.models import Threshold
from tests.commit.rig import assert_books_balance, fund, here
from tests.commit.targets import Target
from tests.scale import scaled
from wallet import ledger

pytestmark = pytest.mark.django_db(transaction=True)
Batches = list[tuple[list[Settle], list[Reserve]]]
KINDS = {"key": 10**9, "cap": 10**8, "playground": 10**7, "rpm": 3, "tpm": 10**4, "parallel": 2, "streams": 2}


def wild(seed: int, operations: int, wallets: list[int]) -> Batches:
    """Return random batches with repeats, overcharges, shortfalls, changed limits and an unknown wallet."""
    dice = random.Random(seed)
    mint = Mint(1, clock=lambda: 1_800_000_000_000)
    batches: Batches = []
    known: list[Reserve] = []
    made = 0

    def limits() -> tuple[Limit, ...]:
        kinds = dice.sample(sorted(KINDS), dice.choice([0, 0, 1, 4]))
        return tuple(
            Limit(kind, dice.randint(1, 2), 60 * dice.randint(0, 9), KINDS[kind] * dice.choice([1, 1, 1, 2]))
            for kind in kinds
        )

    def released(order: Reserve) -> Settle:
        return Settle(order.id, order.wallet, 0, None)

    def charged(order: Reserve) -> Settle:
        charge = dice.choice([0, dice.randint(0, 10**6), dice.randint(0, 10**7)])
        record = Record(dice.choice(["ok", "error"]), model=dice.choice("ab"), input_tokens=dice.randint(0, 9))
        record.price_source = dice.choice(["price", "free", "upstream", "fallback"])
        return Settle(order.id, order.wallet, charge, record)

    while made < operations:
        reserves = [
            Reserve(
                mint.next(), dice.choice([*wallets, 10**9]), dice.randint(0, 9999), dice.randint(0, 10**6),
                dice.choice([0, 1, 999_999, 10**9]), dice.choice([100, 4096, 200_000]),
                dice.choice([None, None, 1, 3000]), limits(), model=dice.choice("ab"),
            )
            for _ in range(dice.randint(0, 30))
        ]  # fmt: skip
        settles = [dice.choice([released(order), charged(order)]) for order in dice.sample(known, min(len(known), 20))]
        known = (known + reserves)[-120:]
        batches.append((settles, reserves))
        made += len(settles) + len(reserves)
    return batches


def furnish() -> list[int]:
    wallets = fund(*[10**7] * 6, credit_limit=10**6)
    Threshold.objects.bulk_create(Threshold(user_id=key, amount=n * 10**6) for key in wallets for n in (1, 5))
    return wallets


def run(target: Target, batches: Batches) -> list[Outcome]:
    async def main() -> list[Outcome]:
        store = target.store()
        outcomes = [await store.commit(settles, reserves) for settles, reserves in batches]
        await store.close()
        return outcomes

    return asyncio.run(main())


@pytest.mark.req("M10")
def test_the_books_balance_after_20000_random_orders():
    wallets = furnish()
    batches = wild(1, scaled(20_000), wallets)
    outcomes: list[Outcome] = []
    part = 40
    for start in range(0, len(batches), part):
        outcomes += run(here(), batches[start : start + part])
        for wallet in wallets:
            ledger.credit(wallet, 10**8, reference=f"{start}-{wallet}")
        assert_books_balance()
    refused = [result for outcome in outcomes for result in outcome.reserved if isinstance(result, Refused)]
    assert any(result.limit for result in refused)
    assert any(result.limit is None for result in refused)
    assert any(settled.shortfall for outcome in outcomes for settled in outcome.settled)


BOOKS = (
    "SELECT user_id, balance, held, owed FROM wallet_wallet ORDER BY 1",
    'SELECT wallet_id, kind, owner, period_start, "limit", spent, held FROM wallet_budget ORDER BY 1, 2, 3, 4',
    "SELECT id, wallet_id, amount, bound, prompt_tokens FROM wallet_hold ORDER BY 1",
    "SELECT wallet_id, kind, amount, reference FROM wallet_ledgerentry ORDER BY 2, 4",
    "SELECT id, user_id, kind, charge, shortfall FROM usage_calllog ORDER BY 1",
    """SELECT user_id, hour, model, calls, errors, input_tokens, output_tokens, paid FROM usage_hourlyusage
       ORDER BY 1, 2, 3""",
    "SELECT wallet_id, kind, total, threshold FROM wallet_walletevent ORDER BY 1, id",
)


@pytest.fixture
def twin(tmp_path) -> Target:
    """Return an empty SQLite database beside the one of this run."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"TOLLGATE_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True)
    return Target("sqlite", str(tmp_path / "tollgate.sqlite3"))


@pytest.mark.skipif(settings.SQLITE, reason="compares PostgreSQL with SQLite: part of the run on PostgreSQL")
def test_both_stores_decide_alike(twin):
    wallets = furnish()
    with closing(sqlite3.connect(twin.where)) as lite, lite:
        for table in (
            "accounts_group",
            "accounts_user",
            "wallet_wallet",
            "wallet_ledgerentry",
            "notifications_threshold",
        ):
            copy(table, lite)
    batches = wild(2, scaled(10_000, least=1000), wallets)
    assert run(here(), batches) == run(twin, batches)
    with closing(sqlite3.connect(twin.where)) as lite:
        for query in BOOKS:
            assert rows(query) == lite.execute(query).fetchall()


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def copy(table: str, lite: sqlite3.Connection) -> None:
    lite.execute(f"DELETE FROM {table}")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        names = ", ".join(f'"{column.name}"' for column in cursor.description)
        marks = ", ".join("?" * len(cursor.description))
        for row in cursor.fetchall():
            values = [value.isoformat() if hasattr(value, "isoformat") else value for value in row]
            lite.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
