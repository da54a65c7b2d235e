"""The background runner."""

import logging
import os
import time

import pytest

from console.worker import Chore, Runner, alive, beat_file

pytestmark = pytest.mark.django_db


def test_chore_runs_when_it_is_due_and_not_before():
    done = []
    runner = Runner([Chore("count", 10, lambda: done.append(1))])
    for now in (100, 101, 109, 110, 111):
        runner.round(now)
    assert len(done) == 2


def test_failing_chore_is_logged_and_stops_no_other(caplog):
    done = []
    runner = Runner([Chore("break", 1, lambda: 1 / 0), Chore("count", 1, lambda: done.append(1))])
    with caplog.at_level(logging.ERROR):
        assert runner.round(100) == 1
    assert done == [1]
    assert "The chore break failed" in caplog.text


@pytest.mark.parametrize("every", [1, 86_400])
def test_failing_chore_waits_longer_each_time_but_never_more_than_a_minute(every, caplog):
    chore = Chore("break", every, lambda: 1 / 0)
    pauses = []
    now = 0.0
    for _ in range(8):
        chore.run(now)
        pauses.append(chore.due - now)
        now = chore.due
    assert pauses == sorted(pauses)
    assert pauses[0] == 2
    assert pauses[-1] == 60


def test_chore_that_recovers_returns_to_its_interval(caplog):
    outcomes = [True, None]

    def verb():
        if outcomes.pop() is None:
            raise OSError

    chore = Chore("once", 5, verb)
    chore.run(0)
    chore.run(chore.due)
    assert (chore.failures, chore.due) == (0, 2 + 5)


def test_stop_ends_the_round_between_two_chores():
    done = []
    runner = Runner([])
    runner.chores = [Chore("stop", 1, runner.stop), Chore("late", 1, lambda: done.append(1))]
    runner.run()
    assert done == []


def test_runner_is_alive_for_a_minute_after_its_round():
    Runner([]).round(0)
    now = time.time()
    assert alive(now)
    os.utime(beat_file(), (now - 61, now - 61))
    assert not alive(now)
