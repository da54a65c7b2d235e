"""What begins again, what does not, and how often."""

import psycopg
import pytest
from django.db import OperationalError, transaction

from common import retries


class Losing:
    """A verb that fails so many times, for a reason."""

    def __init__(self, times: int, cause: Exception) -> None:
        self.calls, self._times, self._cause = 0, times, cause

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._times:
            raise OperationalError("lost") from self._cause
        return "done"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("common.retries.time.sleep", lambda _: None)


@pytest.mark.parametrize("cause", [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()])
def test_a_lost_race_is_run_again(cause):
    verb = Losing(3, cause)
    assert retries.retried(verb) == "done"
    assert verb.calls == 4


def test_there_is_an_end_to_it():
    verb = Losing(99, psycopg.errors.DeadlockDetected())
    with pytest.raises(OperationalError):
        retries.retried(verb)
    assert verb.calls == retries.TRIES


@pytest.mark.parametrize("cause", [psycopg.errors.DiskFull(), ValueError("no database at all")])
def test_other_failures_are_no_race(cause):
    verb = Losing(1, cause)
    with pytest.raises(OperationalError):
        retries.retried(verb)
    assert verb.calls == 1


def test_inside_of_a_transaction_nothing_begins_again(db):
    verb = Losing(1, psycopg.errors.DeadlockDetected())
    with pytest.raises(OperationalError), transaction.atomic():
        retries.retried(verb)
    assert verb.calls == 1
