"""Do one thing many times at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def together(times: int, work: Callable[[int], Result]) -> list[Result]:
    """Return what `work(0)` to `work(times - 1)` returned; all begin at the same moment, in threads of their own."""
    gate = threading.Barrier(times)

    def one(number: int) -> Result:
        gate.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))
