"""The monthly partitions of the call log on PostgreSQL. On SQLite, one table, nothing is done."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from django.db import OperationalError, transaction
from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from common import callids
from common.callids import first_id

TABLE = "usage_calllog"
DEFAULT = f"{TABLE}_default"
MONTH = re.compile(rf"{TABLE}_[0-9]{{6}}")
# a busy call log makes this wait, and everything else that needs the same lock behind it: rather try again tomorrow
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"


def make_default(connection: BaseDatabaseWrapper = default_connection) -> None:
    """Make the partition of all rows that have no month of their own: a forgotten month must not stop the money."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {DEFAULT} PARTITION OF {TABLE} DEFAULT")


def make_ahead(
    months: int = 3, *, now: datetime | None = None, connection: BaseDatabaseWrapper = default_connection
) -> int:
    """Make the partitions of this month and of `months` to come; return how many were missing.

    Rows that landed in the default partition move into their month. Each month is a transaction of its own.
    """
    if connection.vendor != "postgresql":
        return 0
    missing = [month for month in _months(now or timezone.now(), months) if not _exists(connection, _name(month))]
    for month in missing:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            for statement in _statements(_name(month), first_id(month), first_id(_following(month))):
                cursor.execute(statement)
    return len(missing)


def drop_before(first: int, *, connection: BaseDatabaseWrapper = default_connection) -> int:
    """Drop the months whose every row lies below the id `first`; return how many rows they held.

    One that is busy is left for the next time; its rows can be deleted meanwhile.
    """
    if connection.vendor != "postgresql":
        return 0
    dropped = 0
    for name in _over(connection, first):
        with suppress(OperationalError), transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(LOCK_TIMEOUT)
            cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 (a name of our own making)
            (rows,) = cursor.fetchone()
            cursor.execute(f"DROP TABLE {name}")
            dropped += rows
    return dropped


def _over(connection: BaseDatabaseWrapper, first: int) -> list[str]:
    """Return the partitions of the months that end at or before an id."""
    last = _name(callids.moment(first)) if first > 0 else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        return sorted(name for (name,) in cursor.fetchall() if MONTH.fullmatch(name) and name < last)


def _statements(name: str, low: int, high: int) -> list[str]:
    """Return the making of one partition.

    It is filled as a table of its own and then attached: ATTACH lets readers and writers of other months pass, which
    CREATE … PARTITION OF does not (https://www.postgresql.org/docs/15/ddl-partitioning.html). The check saves a scan.
    """
    return [
        LOCK_TIMEOUT,
        f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE",
        f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        f"""WITH moved AS (DELETE FROM {DEFAULT} WHERE id >= {low} AND id < {high} RETURNING *)
            INSERT INTO {name} SELECT * FROM moved""",  # noqa: S608 (a name of our own making)
        f"ALTER TABLE {name} ADD CONSTRAINT month CHECK (id >= {low} AND id < {high})",
        f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})",
        f"ALTER TABLE {name} DROP CONSTRAINT month",
    ]


def _months(now: datetime, ahead: int) -> Iterator[datetime]:
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead + 1):
        yield month
        month = _following(month)


def _following(month: datetime) -> datetime:
    year, index = divmod(month.year * 12 + month.month, 12)
    return month.replace(year=year, month=index + 1)


def _name(month: datetime) -> str:
    return f"{TABLE}_{month:%Y%m}"


def _exists(connection: BaseDatabaseWrapper, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])
