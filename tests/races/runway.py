"""Two server processes of a dozen threads each, and a gate that lets all of them go at once."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

import django
from django.conf import settings
from django.db import connection

PROCESSES, THREADS = 2, 12
RUNNERS = PROCESSES * THREADS
SPAWN = multiprocessing.get_context("spawn")  # a process as a server's: nothing inherited
Result = TypeVar("Result")


class Gate:
    """Where every runner of this process waits for those of the other."""

    barrier: Barrier | None = None


def go() -> None:
    """Wait until all runners are here."""
    assert Gate.barrier
    Gate.barrier.wait(60)


def prepare(barrier: Barrier, environment: dict[str, str]) -> None:
    """Be a server process on the database of the test; what races is imported after this."""
    Gate.barrier = barrier
    os.environ.update(environment)
    django.setup()


def run(work: Callable[..., Result], first: int, arguments: tuple[Any, ...]) -> list[Result]:
    """Return what each of this process's runners returned."""

    def one(number: int) -> Result:
        try:
            return work(number, *arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(first, first + THREADS)))


@contextmanager
def runway() -> Iterator[Callable[..., list[Any]]]:
    """Yield `race(work, *arguments)`: what `work(number, *arguments)` returned to each of the 24 runners."""
    arguments = (SPAWN.Barrier(RUNNERS), environment())
    with ProcessPoolExecutor(PROCESSES, mp_context=SPAWN, initializer=prepare, initargs=arguments) as pool:

        def race(work: Callable[..., Any], *arguments: Any) -> list[Any]:
            runs = [pool.submit(run, work, number * THREADS, arguments) for number in range(PROCESSES)]
            return [result for some in runs for result in some.result(120)]

        yield race


def environment() -> dict[str, str]:
    """Return what makes another process one of this test's installation."""
    return {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": _url(),
        "TOLLGATE_SECRET_KEY": settings.SECRET_KEY,
        "TOLLGATE_FIELD_KEYS": ",".join(settings.FIELD_KEYS),
    }


def _url() -> str:
    """Return the URL of the database that the tests run on."""
    now = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{now['NAME']}"
    login = f"{now['USER']}:{now['PASSWORD']}".rstrip(":")
    return f"postgres://{login}@{now['HOST']}:{now['PORT'] or 5432}/{now['NAME']}"
