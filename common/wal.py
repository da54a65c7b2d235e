"""SQLite's write-ahead log: what was deleted stays in it until it is folded into the file."""

from django.db import connection

PATIENCE_MS = 2_000  # a page must not wait long for somebody who reads; the background worker tries again


def fold() -> bool:
    """Fold the log into the file and cut it to nothing; return False where somebody was reading, or writing."""
    if connection.vendor != "sqlite":
        return True
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        try:
            # https://sqlite.org/pragma.html#pragma_wal_checkpoint: busy, pages in the log, pages folded
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(patience)}")
    return not busy
