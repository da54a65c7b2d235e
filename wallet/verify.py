"""Do the books add up? Each check is one statement, and so sees one moment, however busy the gate is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from accounts import ports
from common import callids

# Sums are exact on both databases: numeric on PostgreSQL, 64-bit integers (or an error) on SQLite.
WALLETS = """
    SELECT w.user_id, w.balance + w.held, coalesce(e.total, 0), w.held, coalesce(h.total, 0), w.balance, -w.credit_limit
    FROM wallet_wallet w
    LEFT JOIN (SELECT wallet_id, sum(amount) AS total FROM wallet_ledgerentry GROUP BY wallet_id) e
           ON e.wallet_id = w.user_id
    LEFT JOIN (SELECT wallet_id, sum(amount) AS total FROM wallet_hold GROUP BY wallet_id) h
           ON h.wallet_id = w.user_id
    WHERE w.balance + w.held <> coalesce(e.total, 0) OR w.held <> coalesce(h.total, 0) OR w.balance < -w.credit_limit
"""
# what each hold takes of each of its budgets
HELD = """
    SELECT b.wallet_id, b.id, b.held, coalesce(h.total, 0)
    FROM wallet_budget b
    LEFT JOIN (SELECT held.budget, sum(CASE x.kind WHEN 'rpm' THEN 0 WHEN 'parallel' THEN 1 WHEN 'streams' THEN 1
                      WHEN 'tpm' THEN held.tokens ELSE held.amount END) AS total
               FROM ({held}) held JOIN wallet_budget x ON x.id = held.budget GROUP BY held.budget) h ON h.budget = b.id
    WHERE b.held <> coalesce(h.total, 0)
"""
HELD_BY = {
    "postgresql": """SELECT cast(part AS bigint) AS budget, amount, cast(prompt_tokens AS bigint) + bound AS tokens
                     FROM wallet_hold, unnest(string_to_array(budgets, ',')) part""",
    "sqlite": """SELECT part.value AS budget, amount, prompt_tokens + bound AS tokens
                 FROM wallet_hold, json_each('[' || budgets || ']') part""",
}
STRAYS = """SELECT h.wallet_id, sum(h.amount) FROM wallet_hold h
            WHERE NOT EXISTS (SELECT 1 FROM wallet_wallet w WHERE w.user_id = h.wallet_id) GROUP BY h.wallet_id"""
# the roll-up and the ledger are kept for good, the call log for its retention
CHARGED = """
    SELECT owner, sum(rolled), sum(booked)
    FROM (SELECT user_id AS owner, sum(paid) AS rolled, 0 AS booked FROM usage_hourlyusage GROUP BY user_id
          UNION ALL SELECT wallet_id, 0, -sum(amount) FROM wallet_ledgerentry WHERE kind = 'call' GROUP BY wallet_id) x
    GROUP BY owner HAVING sum(rolled) <> sum(booked)
"""
LOGGED = """
    SELECT owner, sum(rolled), sum(paid), sum(counted), sum(calls)
    FROM (SELECT user_id AS owner, sum(paid) AS rolled, 0 AS paid, sum(calls + errors) AS counted, 0 AS calls
          FROM usage_hourlyusage WHERE hour >= %s GROUP BY user_id
          UNION ALL SELECT user_id, 0, sum(charge - shortfall), 0, count(*)
          FROM usage_calllog WHERE id >= %s GROUP BY user_id) x
    GROUP BY owner HAVING sum(rolled) <> sum(paid) OR sum(counted) <> sum(calls)
"""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Two books that disagree about an account, in nano-USD or a count."""

    user_id: int
    book: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"account {self.user_id}: {self.book} should be {self.expected}, is {self.found}"


def check(now: datetime | None = None) -> list[Mismatch]:
    """Return every mismatch of wallets, holds, budgets, ledger, call log and roll-up; none is a sound ledger."""
    return [*_wallets(), *_budgets(), *_strays(), *_charges(), *_calls(now or timezone.now())]


def _wallets() -> Iterator[Mismatch]:
    for user, total, booked, held, open_holds, free, floor in _rows(WALLETS):
        if total != booked:
            yield Mismatch(user, "free + held (the sum of the ledger)", booked, total)
        if held != open_holds:
            yield Mismatch(user, "held (the sum of open holds)", open_holds, held)
        if free < floor:
            yield Mismatch(user, "free (at least the credit limit below zero)", floor, free)


def _budgets() -> Iterator[Mismatch]:
    for user, budget, held, open_holds in _rows(HELD.format(held=HELD_BY[connection.vendor])):
        yield Mismatch(user, f"held of budget {budget} (its open holds)", open_holds, held)


def _strays() -> Iterator[Mismatch]:
    for user, amount in _rows(STRAYS):
        yield Mismatch(user, "holds without a wallet", 0, amount)


def _charges() -> Iterator[Mismatch]:
    for user, rolled_up, booked in _rows(CHARGED):
        yield Mismatch(user, "paid in the roll-up (the ledger's calls)", booked, rolled_up)


def _calls(now: datetime) -> Iterator[Mismatch]:
    """Compare the hours of which no row has been pruned yet."""
    kept = ports.kept()
    oldest = callids.first_id(now - min(kept.calls, kept.errors))
    hour = callids.hour_of(max(oldest, kept.whole_from)) + 1  # the hour after the one that may lack some
    first = (hour * callids.MS_AN_HOUR) << callids.TIME_SHIFT
    for user, rolled_up, logged, counted, rows in _rows(LOGGED, [hour, first]):
        if rolled_up != logged:
            yield Mismatch(user, "paid in the roll-up (the call log)", logged, rolled_up)
        if counted != rows:
            yield Mismatch(user, "calls in the roll-up (rows of the call log)", rows, counted)


def _rows(query: str, values: list[int] | None = None) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [tuple(map(int, row)) for row in cursor.fetchall()]  # PostgreSQL sums into numeric, a Decimal here
