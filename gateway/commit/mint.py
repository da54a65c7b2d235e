"""Mints the ids of calls. Their shape, which pages read too, is in common.callids."""

import time
from collections.abc import Callable

from common.callids import SEQUENCE_BITS, TIME_SHIFT, WORKER_BITS, hour_of, moment, request_id

__all__ = ["Mint", "hour_of", "moment", "request_id"]


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Mint:
    """Mints ids for one worker, whose number must be leased: no other live process may have it."""

    def __init__(self, worker: int, *, clock: Callable[[], int] = now_ms) -> None:
        """Start with the worker's number, 0 to 1023, and a clock in milliseconds."""
        if not 0 <= worker < 1 << WORKER_BITS:
            raise ValueError(f"worker {worker} does not fit in {WORKER_BITS} bits")
        self.worker = worker
        self._clock = clock
        self._last = -1

    def next(self) -> int:
        """Return an id greater than any before, also if the clock steps back or a millisecond's 2048 ids are used."""
        fresh = self._first_of(self._clock())
        if fresh <= self._last:
            fresh = self._last + 1
            if fresh % (1 << SEQUENCE_BITS) == 0:  # the sequence is used up: borrow from the next millisecond
                fresh = self._first_of((self._last >> TIME_SHIFT) + 1)
        self._last = fresh
        return fresh

    def _first_of(self, ms: int) -> int:
        return (ms << TIME_SHIFT) | (self.worker << SEQUENCE_BITS)
