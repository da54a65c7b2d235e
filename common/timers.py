"""Timers that hardly ever go off: each call sets several, and is over long before they are due."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary


class Timers:
    """Timers of one delay in seconds. They are due in the order they were set, so one timer of the loop serves all."""

    __slots__ = ("_delay", "_due", "_last", "_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, delay: float) -> None:
        """Begin with none."""
        self._loop, self._delay = loop, delay
        self._due: dict[int, tuple[float, Callable[[], None]]] = {}
        self._last = 0
        self._waiting = False

    def start(self, callback: Callable[[], None]) -> int:
        """Call back after the delay, unless `stop` is given the number that this returns."""
        self._last += 1
        self._due[self._last] = self._loop.time() + self._delay, callback
        if not self._waiting:
            self._waiting = True
            self._loop.call_later(self._delay, self._ring)
        return self._last

    def stop(self, number: int) -> None:
        """Forget a timer; one that is over or unknown is no error."""
        self._due.pop(number, None)

    def _ring(self) -> None:
        self._waiting = False
        now = self._loop.time()
        over = []
        for number, (due, callback) in self._due.items():
            if due > now:
                self._waiting = True
                self._loop.call_at(due, self._ring)
                break
            over.append((number, callback))
        for number, callback in over:
            if self._due.pop(number, None):  # a callback may have stopped it
                self._loop.call_soon(callback)


_timers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[float, Timers]] = WeakKeyDictionary()


def of(delay: float) -> Timers:
    """Return the running loop's timers of a delay in seconds; meant for delays that many share."""
    loop = asyncio.get_running_loop()
    mine = _timers.get(loop)
    if mine is None:
        mine = _timers[loop] = {}
    if delay not in mine:
        mine[delay] = Timers(loop, delay)
    return mine[delay]
