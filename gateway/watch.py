"""Notices a client that leaves while its call is answered, or whose body does not arrive."""

import asyncio
import time
from typing import Any

from common import timers
from gateway.http import ApiCall

AFTER_S = 0.25  # a call that is over by then needs no watch, and a client that leaves sooner is noticed then


def current() -> asyncio.Task[Any]:
    """Return the running task. Raises LookupError outside of any."""
    task = asyncio.current_task()
    if task is None:
        raise LookupError("no task is running")
    return task


class Watch:
    """Cancels the task that made it when the client of the call leaves; `left` then says why.

    One timer watches both the body and the client: a call that is over in time has paid for nothing else.
    """

    def __init__(self, call: ApiCall) -> None:
        """Watch from a moment on."""
        self.left = False
        self._call = call
        self.task = current()
        self._watching: asyncio.Task[None] | None = None
        self._timers = timers.of(AFTER_S)
        self._timer = self._timers.start(self._begin)

    def end(self) -> None:
        """Stop watching."""
        self._timers.stop(self._timer)
        if self._watching:
            self._watching.cancel()

    def _begin(self) -> None:
        if self._call.received:
            self._watching = asyncio.create_task(self._call.gone())
            self._watching.add_done_callback(self._gone)
        elif self._call.body_until is not None and time.monotonic() >= self._call.body_until:
            self._call.late = True
            self.task.cancel()
        else:  # whoever reads the body notices by itself that the client has left
            self._timer = self._timers.start(self._begin)

    def _gone(self, watching: "asyncio.Task[None]") -> None:
        if not watching.cancelled():
            self.left = True
            self.task.cancel()
