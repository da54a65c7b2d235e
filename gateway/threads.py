"""A few threads for queries, so that the event loop never waits for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

COUNT = 4  # keys and channels are read seldom: what was read stays in memory

Result = TypeVar("Result")


class Threads:
    """Runs verbs that query."""

    def __init__(self) -> None:
        """Start threads as they are needed."""
        self._executor = ThreadPoolExecutor(COUNT, thread_name_prefix="gate")

    def run(self, verb: Callable[..., Result], *arguments: object) -> "asyncio.Future[Result]":
        """Return what the verb will return or raise."""
        return asyncio.get_running_loop().run_in_executor(self._executor, _closing, verb, arguments)

    def close(self) -> None:
        """End the threads that are idle, and the others when they are."""
        self._executor.shutdown(wait=False)


def _closing(verb: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    """Return what the verb returns, and give back the connection that this thread may have opened for it."""
    try:
        return verb(*arguments)
    finally:
        connection.close()
