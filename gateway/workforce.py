"""The numbers of server processes, leased: part of every id they mint, and of every hold they must settle."""

import logging
import secrets
import threading
from collections.abc import Sequence
from time import monotonic

from django.conf import settings
from django.db import connection

NUMBERS = 1024  # 10 bits of an id
SILENT_BEATS = 4  # a worker that missed so many is dead
# one clock for all machines: the database's, in Unix seconds
CLOCK = {
    "postgresql": "extract(epoch FROM clock_timestamp())",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",  # 2440587.5: the Julian day of 1970
}
BEAT = "UPDATE gateway_worker SET beat_at = {clock} WHERE id = %s AND token = %s"
# The least number that is free. Holds keep it taken: they name who must settle them, and a sweeper tells by the number
# that their worker is gone.
FREE = """SELECT n FROM (WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
                         SELECT n FROM numbers) free
          WHERE NOT EXISTS (SELECT 1 FROM gateway_worker w WHERE w.id = n AND w.beat_at >= {clock} - %s)
            AND NOT EXISTS (SELECT 1 FROM wallet_hold h WHERE h.worker = n)
          ORDER BY n LIMIT 1"""
LEASE = """INSERT INTO gateway_worker (id, token, started_at, beat_at) VALUES (%s, %s, {clock}, {clock})
           ON CONFLICT (id) DO UPDATE SET token = excluded.token, started_at = excluded.started_at,
               beat_at = excluded.beat_at
           WHERE gateway_worker.beat_at < {clock} - %s
             AND NOT EXISTS (SELECT 1 FROM wallet_hold h WHERE h.worker = gateway_worker.id)"""
LIVING = "SELECT id FROM gateway_worker WHERE beat_at >= {clock} - %s"


logger = logging.getLogger(__name__)


class NoNumberFree(Exception):
    """All numbers are leased to processes that live or have holds to settle."""


class Membership:
    """A leased number, kept by beating; one thread beats at a time."""

    def __init__(self) -> None:
        """Lease a number. Raises NoNumberFree."""
        self.number, self._token = _lease()
        self._beat_at = self._unbroken_since = monotonic()

    def beat(self) -> None:
        """Say that this process lives.

        A process that was silent for too long may find its number leased again: then it gets another one, and
        whoever mints ids must start over with that.
        """
        if not _execute(BEAT, [self.number, self._token]):
            self.number, self._token = _lease()
            self._unbroken_since = monotonic()
        now = monotonic()
        if now - self._beat_at > 2 * settings.BEAT:
            self._unbroken_since = now
        self._beat_at = now

    def is_steady(self) -> bool:
        """Return whether it has beaten without a gap for as long as makes a silent worker a dead one.

        After the database, or this machine, was away, every worker looks dead; until then the living have beaten again.
        """
        now = monotonic()
        return now - self._beat_at <= 2 * settings.BEAT and now - self._unbroken_since >= silence()

    def leave(self) -> None:
        """Stop beating. The number is free after a silence, so that no clock can mint its ids again."""
        _execute("UPDATE gateway_worker SET token = '' WHERE id = %s AND token = %s", [self.number, self._token])


class Heart(threading.Thread):
    """Beats for a process whose own loop may be busy for longer than a beat."""

    def __init__(self) -> None:
        """Enlist; `start` begins to beat. Raises NoNumberFree."""
        super().__init__(name="heart", daemon=True)
        self.membership = Membership()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped."""
        while not self._stopped.wait(settings.BEAT):
            try:
                self.membership.beat()
            except Exception as error:  # noqa: BLE001 (the database may be gone for a while; the heart outlives it)
                logger.warning("A beat failed: %s", type(error).__name__)
            finally:
                connection.close()

    def stop(self) -> None:
        """Beat no more, and wait for a beat in hand."""
        self._stopped.set()
        self.join()


def enlist() -> Membership:
    """Return the membership of this process; it must beat every settings.BEAT seconds. Raises NoNumberFree."""
    return Membership()


def silence() -> float:
    """Return after how many seconds without a beat a worker is dead."""
    return SILENT_BEATS * settings.BEAT


def living() -> set[int]:
    """Return the numbers of the workers that are not silent."""
    with connection.cursor() as cursor:
        cursor.execute(_dialect(LIVING), [silence()])
        return {number for (number,) in cursor.fetchall()}


def _lease() -> tuple[int, str]:
    token = secrets.token_hex(16)
    for _ in range(NUMBERS):
        with connection.cursor() as cursor:
            cursor.execute(_dialect(FREE), [silence()])
            row = cursor.fetchone()
        if row is None:
            break
        if _execute(LEASE, [row[0], token, silence()]):  # else another process was faster
            return row[0], token
    raise NoNumberFree(f"all {NUMBERS} numbers of server processes are taken")


def _execute(statement: str, values: Sequence[int | float | str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_dialect(statement), values)
        return int(cursor.rowcount)


def _dialect(statement: str) -> str:
    return statement.format(clock=CLOCK[connection.vendor], last=NUMBERS - 1)
