"""The PostgreSQL store: one connection, one round trip to tollgate_commit() per batch."""

import asyncio
from collections.abc import Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any

import psycopg

from gateway.commit import columns
from gateway.commit.columns import Column
from gateway.commit.orders import (
    Conflict,
    Hold,
    Limit,
    Locked,
    Outcome,
    Record,
    Refused,
    Reserve,
    Settle,
    Settled,
    StoreDown,
)

# SQLSTATE (PostgreSQL, appendix A): deadlock_detected, serialization_failure; lock_not_available
RACES, LOCKED = {"40P01", "40001"}, "55P03"
# the server is there but cannot write: full, ended by its operator, I/O error, or a standby after a fail-over
UNABLE = ("53", "57", "58", "25006")
# Generic plans save 27 plannings per batch. Plans are cached while tables are empty, when a sequential scan looks
# cheap; it is forbidden so that a later, full table is not read whole. A lock held elsewhere fails its rows only; the
# wait ends before deadlock_timeout (1 s), so that it is the commit that gives way to a page's transaction.
SETTINGS = """SET synchronous_commit = on; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
              SET jit = off; SET lock_timeout = '900ms'"""
CONNECT_S = 2
ANSWER_S = 8.0  # a commit takes milliseconds; a server that is silent for this long is out of reach
RELEASE = Record(kind="")
TEXTS = {"text", "inet"}
LIMIT = (
    Column("kind", "text", 16),
    Column("owner", "bigint"),
    Column("period_start", "bigint"),
    Column("amount", "bigint"),
)


def _quoted(value: str | None) -> str:
    return "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(column: Column, values: Sequence[Any]) -> str:
    """Return an array literal, each value made to fit: cheaper for driver and server than a list or JSON."""
    if column.type in TEXTS:  # few differ from each other: they name models, keys and channels
        literals = {value: _quoted(column.fit(value)) for value in set(values)}
        return f"{{{','.join(map(literals.__getitem__, values))}}}"
    # what PostgreSQL calls NULL is None here, and no number or truth holds these letters
    return f"{{{','.join(map(str, column.fit_all(values)))}}}".replace("None", "NULL")


class Table:
    """Rows of orders on their way into arrays, one per column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Read these columns of each row."""
        self._columns = columns
        self._row = attrgetter(*(column.name for column in columns))

    def literals(self, rows: Sequence[object]) -> list[str]:
        """Return the array literal of each column."""
        values = zip(*map(self._row, rows), strict=True) if rows else ((),) * len(self._columns)
        return [_literal(column, each) for column, each in zip(self._columns, values, strict=True)]


SETTLES, RECORDS, RESERVES, LIMITS = map(Table, (columns.SETTLE, columns.RECORD, columns.RESERVE, LIMIT))
TYPES = [
    *(column.type for column in (*columns.SETTLE, *columns.RECORD, *columns.RESERVE)),
    *("int", "bigint"),  # where the limits of each reserve end, and the wallet of each limit
    *(column.type for column in LIMIT),
]
COMMIT = "SELECT * FROM tollgate_commit({}, %s)".format(", ".join(f"%s::{kind}[]" for kind in TYPES))  # noqa: S608 (types of our own)
# status and latency tell it from a sweeper's
RECALL = """SELECT shortfall FROM usage_calllog
            WHERE id = %s AND user_id = %s AND charge = %s AND status = %s AND latency_ms = %s"""
# a wallet that is not there is for the commit to judge
FREE = """WITH free AS (SELECT user_id FROM wallet_wallet WHERE user_id = ANY (%s) ORDER BY user_id
                        FOR UPDATE SKIP LOCKED)
          SELECT user_id FROM free UNION ALL
          SELECT id FROM unnest(%s::bigint[]) w (id)
          WHERE NOT EXISTS (SELECT FROM wallet_wallet WHERE user_id = id)"""
SAVE_SEEN = """UPDATE wallet_hold h SET seen_tokens = s.tokens
               FROM unnest(%s::bigint[], %s::int[]) s(id, tokens) WHERE h.id = s.id AND h.seen_tokens < s.tokens"""


class PostgresStore:
    """Commits batches over one connection, opened on first use and again after it broke."""

    def __init__(self, conninfo: str, *, default_bound: int) -> None:
        """Remember where to connect, and the output bound in tokens where a client names none."""
        self._conninfo = conninfo
        self._default_bound = default_bound
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        """Return the outcome of one transaction. Raises Conflict, StoreDown, or what the poisoned row caused."""
        rows = await self._fetch(COMMIT, [*_parameters(settles, reserves), self._default_bound])
        ((version, paid, shortfall, *admission),) = rows
        settled = [Settled(a is not None, a or 0, b) for a, b in zip(paid, shortfall, strict=True)]
        reserved = [_admission(*row) for row in zip(reserves, *admission, strict=True)]
        return Outcome(settled, reserved, version)

    async def recall(self, order: Settle) -> Settled | None:
        """Return what this very settlement booked, if an earlier try was committed and its answer lost."""
        record = order.record or RELEASE
        values = [order.id, order.wallet, order.charge, record.status, record.latency_ms]
        rows = await self._fetch(RECALL, values)
        return Settled(first=True, paid=order.charge - rows[0][0], shortfall=rows[0][0]) if rows else None

    async def free(self, wallets: set[int]) -> set[int]:
        """Return those that nobody has locked at this moment; they are let go of at once."""
        asked = sorted(wallets)
        return {key for (key,) in await self._fetch(FREE, [asked, asked])}

    async def save_seen(self, seen: dict[int, int]) -> None:
        """Store the output tokens seen so far by hold id, so that a sweeper can charge them."""
        ids = sorted(seen)
        await self._fetch(SAVE_SEEN, [ids, [min(seen[key], columns.INT_MAX) for key in ids]])

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()

    async def _fetch(self, query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        try:
            async with asyncio.timeout(ANSWER_S):
                connection = await self._connected()
                cursor = await connection.execute(query.encode(), parameters, prepare=True)
                return await cursor.fetchall() if cursor.description else []
        except TimeoutError as error:
            await self.close()
            raise StoreDown from error
        except psycopg.Error as error:
            meaning = await self._meaning(error)
            if meaning is error:
                raise
            raise meaning from error

    async def _meaning(self, error: psycopg.Error) -> Exception:
        """Return what an error says about the batch; itself if one of its rows is to blame."""
        state = error.sqlstate or ""
        if state in RACES:
            return Conflict()
        if state == LOCKED:
            return Locked()
        if state.startswith(UNABLE):
            await self.close()
        return StoreDown() if self._connection is None or self._connection.closed else error

    async def _connected(self) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
        if self._connection is None or self._connection.closed:
            self._connection = None
            connection = await psycopg.AsyncConnection.connect(
                self._conninfo, autocommit=True, connect_timeout=CONNECT_S
            )
            await connection.execute(SETTINGS)
            self._connection = connection
        return self._connection


def _parameters(settles: Sequence[Settle], reserves: Sequence[Reserve]) -> list[str]:
    records = [order.record or RELEASE for order in settles]
    limits: list[Limit] = [limit for order in reserves for limit in order.limits]
    last = accumulate(len(order.limits) for order in reserves)
    wallets = [order.wallet for order in reserves for _ in order.limits]
    return [
        *SETTLES.literals(settles),
        *RECORDS.literals(records),
        *RESERVES.literals(reserves),
        "{" + ",".join(map(str, last)) + "}",
        "{" + ",".join(map(str, wallets)) + "}",
        *LIMITS.literals(limits),
    ]


def _admission(order: Reserve, refused: int, bound: int, amount: int, free: int, held: int) -> Hold | Refused:
    if refused == 0:
        return Hold(order.id, order.wallet, amount, bound)
    return Refused(amount, free, held, order.limits[refused - 1] if refused > 0 else None)
