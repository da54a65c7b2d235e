"""Transactions that met in each other's locks: PostgreSQL ends one of them, and that one may simply begin again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

Result = TypeVar("Result")

TRIES = 5
# SQLSTATE (PostgreSQL, appendix A): deadlock_detected, serialization_failure; nothing of the transaction is left
RACES = {"40P01", "40001"}


def retried(verb: Callable[[], Result]) -> Result:
    """Return what `verb`, a transaction of its own, returns; one that lost a race begins again, a few times at most.

    Inside of another transaction there is nothing to begin again with. Raises what `verb` raises.
    """
    for attempt in range(1, TRIES):
        try:
            return verb()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", "") not in RACES:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 (a pause, not a secret)
    return verb()
