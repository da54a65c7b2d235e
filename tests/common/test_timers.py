"""Timers of one delay: in order, once, and not at all where they were stopped."""

import asyncio
import random
from functools import partial

import pytest
import uvloop

from common import timers
from common.timers import Timers


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    """Either loop: the tests' own and the server's."""
    return request.param


def test_timers_ring_in_the_order_they_were_set(run):
    async def work() -> list[int]:
        rung: list[int] = []
        mine = Timers(asyncio.get_running_loop(), 0.05)
        for number in range(5):
            mine.start(partial(rung.append, number))
        await asyncio.sleep(0.02)
        assert rung == []
        await asyncio.sleep(0.1)
        return rung

    assert run(work()) == [0, 1, 2, 3, 4]


def test_a_timer_that_is_set_while_others_wait_has_its_own_delay(run):
    async def work() -> list[str]:
        rung: list[str] = []
        mine = Timers(asyncio.get_running_loop(), 0.2)
        mine.start(lambda: rung.append("first"))
        await asyncio.sleep(0.1)
        mine.start(lambda: rung.append("second"))
        await asyncio.sleep(0.15)
        assert rung == ["first"]
        await asyncio.sleep(0.15)
        return rung

    assert run(work()) == ["first", "second"]


def test_a_stopped_timer_never_rings_and_may_be_stopped_twice(run):
    async def work() -> list[str]:
        rung: list[str] = []
        mine = Timers(asyncio.get_running_loop(), 0.03)
        stopped = mine.start(lambda: rung.append("stopped"))
        last: list[int] = []

        def stop_the_next() -> None:
            rung.append("stops")
            mine.stop(last[0])

        mine.start(stop_the_next)
        last.append(mine.start(lambda: rung.append("later")))
        mine.stop(stopped)
        mine.stop(stopped)
        await asyncio.sleep(0.1)
        mine.start(lambda: rung.append("again"))
        await asyncio.sleep(0.1)
        return rung

    assert run(work())[0] == "stops"
    assert "stopped" not in run(work())
    assert run(work())[-1] == "again"


def test_what_is_stopped_is_not_kept(run):
    async def work() -> None:
        mine = timers.of(60.0)
        assert mine is timers.of(60.0)
        assert mine is not timers.of(61.0)
        for _ in range(10_000):
            mine.stop(mine.start(lambda: None))
        assert len(mine._due) == 0

    run(work())


def test_a_crowd_rings_just_those_that_were_not_stopped(run):
    async def work() -> tuple[list[int], list[int]]:
        rng = random.Random(3)
        mine = Timers(asyncio.get_running_loop(), 0.05)
        rung: list[int] = []
        expected = []
        for number in range(2_000):
            timer = mine.start(partial(rung.append, number))
            if rng.random() < 0.7:
                mine.stop(timer)
            else:
                expected.append(number)
        await asyncio.sleep(0.3)
        return rung, expected

    rung, expected = run(work())
    assert rung == expected
