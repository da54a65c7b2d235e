"""What one commit reads from and writes to the tables of a SQLite file; it runs inside a write transaction."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.callids import hour_of
from gateway.commit import columns, rules
from gateway.commit.orders import Hold, Record, Refused, Reserve, Settle, Settled

KEPT, RECORD = columns.getters(columns.KEPT), columns.getters(columns.RECORD)


def _insert(table: str, names: Iterable[str], *, rest: str = "") -> str:
    names = list(names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) {rest}"  # noqa: S608 (names of our own)


NEW_HOLD = _insert(
    "wallet_hold", ("id", "wallet_id", "amount", "bound", "budgets", "seen_tokens", *(c.name for c in columns.KEPT))
)
NEW_ENTRY = _insert("wallet_ledgerentry", ("wallet_id", "kind", "amount", "reference"))
NEW_CALL = _insert(
    "usage_calllog",
    ("id", "user_id", "charge", "shortfall", *(c.name for c in columns.RECORD)),
    rest="ON CONFLICT DO NOTHING",  # a row without a hold may be written again after a failure
)
ADD_USAGE = _insert(
    "usage_hourlyusage",
    ("user_id", "hour", "model", "api_key", "calls", "errors", "input_tokens", "output_tokens", "paid"),
    rest="""ON CONFLICT (user_id, hour, model, api_key) DO UPDATE SET calls = calls + excluded.calls,
        errors = errors + excluded.errors, input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens, paid = paid + excluded.paid""",
)
NEW_EVENT = _insert("wallet_walletevent", ("wallet_id", "kind", "total", "threshold"))
NEW_BUDGET = _insert(
    "wallet_budget",
    ("wallet_id", "kind", "owner", "period_start", '"limit"', "spent", "held"),
    rest='RETURNING id, kind, "limit", spent, held',
)
FIND_BUDGET = """SELECT id, kind, "limit", spent, held FROM wallet_budget
                 WHERE wallet_id = ? AND kind = ? AND owner = ? AND period_start = ?"""
FIND_BUDGETS = """SELECT id, kind, "limit", spent, held FROM wallet_budget
                  WHERE id IN (SELECT value FROM json_each(?))"""
# status and latency tell it from a sweeper's
RECALL = """SELECT shortfall FROM usage_calllog
            WHERE id = ? AND user_id = ? AND charge = ? AND status = ? AND latency_ms = ?"""
TAKE_HOLD = """DELETE FROM wallet_hold WHERE id = ? AND wallet_id = ?
               RETURNING amount, prompt_tokens + bound, budgets"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold that this commit has deleted, and the ids of its budgets."""

    amount: int
    tokens: int
    budgets: tuple[int, ...]


@dataclass(slots=True)
class Budgets:
    """The budget rows of one commit, each once, found by id (settlements) and by natural key (reserves)."""

    by_id: dict[int, rules.Budget]
    by_key: dict[rules.BudgetKey, rules.Budget]


def take(db: sqlite3.Connection, order: Settle) -> Ended | None:
    """Return the hold of a settlement, deleted; None if it was closed before or there is none."""
    row = db.execute(TAKE_HOLD, (order.id, order.wallet)).fetchone() if order.held else None
    return Ended(row[0], row[1], tuple(map(int, filter(None, row[2].split(","))))) if row else None


def wallets(db: sqlite3.Connection, ids: set[int]) -> dict[int, rules.Wallet]:
    """Return the wallets that exist, by id."""
    query = """SELECT user_id, balance, credit_limit, held, owed FROM wallet_wallet
               WHERE user_id IN (SELECT value FROM json_each(?))"""
    return {row[0]: rules.Wallet(*row) for row in db.execute(query, (json.dumps(list(ids)),))}


def budgets(
    db: sqlite3.Connection, ended: Iterable[Ended | None], reserves: Iterable[Reserve], known: Iterable[int]
) -> Budgets:
    """Return the budgets of ended holds and of reserves; those of a new period are made, if their wallet is `known`."""
    ids = {key for hold in ended if hold for key in hold.budgets}
    found = Budgets({row[0]: rules.Budget(*row) for row in db.execute(FIND_BUDGETS, (json.dumps(list(ids)),))}, {})
    for order in reserves:
        for limit in order.limits if order.wallet in known else ():
            key = rules.key_of(order, limit)
            if key not in found.by_key:
                row = db.execute(FIND_BUDGET, key).fetchone()
                row = row or db.execute(NEW_BUDGET, (*key, limit.amount, 0, 0)).fetchone()
                found.by_key[key] = found.by_id.setdefault(row[0], rules.Budget(*row))
    return found


def write_back(db: sqlite3.Connection, wallets: Iterable[rules.Wallet], budgets: Budgets) -> None:
    """Store what the rules have decided."""
    db.executemany(
        "UPDATE wallet_wallet SET balance = ?, held = ?, owed = ? WHERE user_id = ?",
        [(w.balance, w.held, w.owed, w.id) for w in wallets],
    )
    db.executemany(
        'UPDATE wallet_budget SET "limit" = ?, spent = ?, held = ? WHERE id = ?',
        [(b.limit, b.spent, b.held, b.id) for b in budgets.by_id.values()],
    )


def add_holds(
    db: sqlite3.Connection, reserves: Sequence[Reserve], reserved: Sequence[Hold | Refused], budgets: Budgets
) -> None:
    """Store the admitted holds."""
    rows = []
    for order, hold in zip(reserves, reserved, strict=True):
        if isinstance(hold, Hold):
            ids = ",".join(str(budgets.by_key[rules.key_of(order, limit)].id) for limit in order.limits)
            kept = (get(order) for get in KEPT)
            rows.append((hold.id, hold.wallet, hold.amount, hold.bound, ids, 0, *kept))
    db.executemany(NEW_HOLD, rows)


def record(db: sqlite3.Connection, done: Sequence[tuple[Settle, Settled]]) -> None:
    """Write ledger entries, call log and roll-up of the settlements that were the first."""
    db.executemany(NEW_ENTRY, [(o.wallet, "call", -result.paid, str(o.id)) for o, result in done if result.paid])
    sums: dict[tuple[int, int, str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for order, result in done:
        if order.record is None:
            continue
        values = [get(order.record) for get in RECORD]
        if not db.execute(NEW_CALL, (order.id, order.wallet, order.charge, result.shortfall, *values)).rowcount:
            continue
        row = dict(zip(Record.__slots__, values, strict=True))
        failed = row["kind"] == "error"
        units = (not failed, failed, row["input_tokens"], row["output_tokens"], result.paid)
        total = sums[order.wallet, hour_of(order.id), row["model"], row["api_key"]]
        total[:] = map(sum, zip(total, units, strict=True))
    db.executemany(ADD_USAGE, [(*key, *values) for key, values in sums.items()])


def shortfall_of(db: sqlite3.Connection, order: Settle) -> int | None:
    """Return the shortfall on the row that this very settlement wrote; None if there is no such row."""
    if order.record is None:
        return None
    values = (order.id, order.wallet, order.charge, order.record.status, order.record.latency_ms)
    row = db.execute(RECALL, values).fetchone()
    return row[0] if row else None


def warn(db: sqlite3.Connection, wallets: Iterable[rules.Wallet]) -> None:
    """Note each threshold that a settled wallet has fallen below, once, and the end of its money."""
    query = (
        "UPDATE notifications_threshold SET fired = 1 WHERE user_id = ? AND NOT fired AND amount > ? RETURNING amount"
    )
    for wallet in wallets:
        total = wallet.total
        turned = sorted((amount for (amount,) in db.execute(query, (wallet.id, total)).fetchall()), reverse=True)
        db.executemany(NEW_EVENT, [(wallet.id, "quota.low", total, amount) for amount in turned])
        if wallet.found > 0 >= total:
            db.execute(NEW_EVENT, (wallet.id, "quota.exhausted", total, 0))
