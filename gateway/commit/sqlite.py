"""The SQLite store: one writer thread per process, BEGIN IMMEDIATE, WAL, synchronous=FULL."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.commit import columns, rules, sqlite_rows
from gateway.commit.orders import Outcome, Reserve, Settle, Settled, StoreDown

T = TypeVar("T")
BUSY_S = 5.0  # how long another process's commit is waited for
# FULL: a committed charge survives a power cut; secure_delete: a deleted row leaves no bytes behind
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
# primary result codes (https://sqlite.org/rescode.html) that blame the file or its disk, not a row
UNABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}


class SqliteStore:
    """Commits batches from its own thread, so that the event loop never waits for a disk."""

    def __init__(self, path: str, *, default_bound: int, busy_s: float = BUSY_S) -> None:
        """Open `path` on first use; `default_bound` is the output bound in tokens where a client names none."""
        self._path = path
        self._busy_s = busy_s
        self._default_bound = default_bound
        self._db: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        """Return the outcome of one transaction. Raises StoreDown, or what the poisoned row caused."""
        return await self._run(lambda db: self._apply(db, settles, reserves))

    async def recall(self, order: Settle) -> Settled | None:
        """Return what this very settlement booked, if an earlier try was committed and its answer lost."""
        shortfall = await self._run(lambda db: sqlite_rows.shortfall_of(db, order))
        return None if shortfall is None else Settled(first=True, paid=order.charge - shortfall, shortfall=shortfall)

    async def free(self, wallets: set[int]) -> set[int]:
        """Return all of them: SQLite locks its file, not rows."""
        return wallets

    async def save_seen(self, seen: dict[int, int]) -> None:
        """Store the output tokens seen so far by hold id, so that a sweeper can charge them."""
        query = "UPDATE wallet_hold SET seen_tokens = max(seen_tokens, ?) WHERE id = ?"
        rows = [(min(tokens, columns.INT_MAX), key) for key, tokens in seen.items()]
        await self._run(lambda db: db.executemany(query, rows))

    async def close(self) -> None:
        """Close the file and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            db = self._opened()
            try:
                db.execute("BEGIN IMMEDIATE")
                result = work(db)
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in UNABLE:
                raise
            self._close()
            raise StoreDown from error
        return result

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self._path, timeout=self._busy_s, isolation_level=None)
            self._db.executescript(SETTINGS)
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _apply(self, db: sqlite3.Connection, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        ended = [sqlite_rows.take(db, order) for order in settles]
        wallets = sqlite_rows.wallets(db, {o.wallet for o in settles} | {o.wallet for o in reserves})
        budgets = sqlite_rows.budgets(db, ended, reserves, wallets)
        settled = [_settle(*pair, wallets, budgets.by_id) for pair in zip(settles, ended, strict=True)]
        reserved = [
            rules.reserve(order, wallets.get(order.wallet), budgets.by_key, default_bound=self._default_bound)
            for order in reserves
        ]
        sqlite_rows.write_back(db, wallets.values(), budgets)
        sqlite_rows.add_holds(db, reserves, reserved, budgets)
        sqlite_rows.record(db, [pair for pair in zip(settles, settled, strict=True) if pair[1].first])
        sqlite_rows.warn(db, [wallet for wallet in wallets.values() if wallet.settled])
        row = db.execute("SELECT number FROM common_version WHERE id = 1").fetchone()
        return Outcome(settled, reserved, row[0] if row else 0)


def _settle(
    order: Settle,
    hold: sqlite_rows.Ended | None,
    wallets: dict[int, rules.Wallet],
    budgets: dict[int, rules.Budget],
) -> Settled:
    wallet = wallets.get(order.wallet)
    if wallet is None or (hold is None and order.held):  # the account is gone, or the hold was closed before
        return Settled(first=False, paid=0, shortfall=0)
    if hold is None:
        return Settled(first=True, paid=0, shortfall=0)
    paid = wallet.settle(hold.amount, order.charge)
    used = order.record.input_tokens + order.record.output_tokens if order.record else 0
    source = order.record.price_source if order.record else ""
    for key in hold.budgets:
        if budget := budgets.get(key):  # else its period is over and the row was pruned
            asked = budget.asked(amount=hold.amount, tokens=hold.tokens)
            budget.settle(asked, paid=paid, used=used, source=source)
    return Settled(first=True, paid=paid, shortfall=order.charge - paid)
