"""Numbers of server processes: one holder at a time, kept by beating."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from gateway import workforce
from gateway.models import Worker
from gateway.workforce import Heart, NoNumberFree
from tests.commit.rig import commit, fund
from tests.commit.targets import flat

pytestmark = pytest.mark.django_db(transaction=True)


def silence(number: int) -> None:
    """Let a worker have been silent for longer than the living are."""
    Worker.objects.filter(pk=number).update(beat_at=F("beat_at") - workforce.silence() - 1)


def test_each_process_gets_the_least_number_that_is_free():
    members = [workforce.enlist() for _ in range(3)]
    assert [member.number for member in members] == [0, 1, 2]
    assert workforce.living() == {0, 1, 2}
    silence(1)
    assert workforce.living() == {0, 2}
    assert workforce.enlist().number == 1


def test_the_clock_of_the_beats_is_in_unix_seconds():
    workforce.enlist()
    row = Worker.objects.get()
    assert row.beat_at == pytest.approx(time.time(), abs=5)
    assert row.started_at == pytest.approx(row.beat_at, abs=1)


def test_a_number_with_open_holds_is_not_leased_again():
    (wallet,) = fund(100)
    workforce.enlist()
    commit(reserves=[flat(1, wallet, 10, worker=0), flat(2, wallet, 10, worker=1)])
    silence(0)
    assert workforce.enlist().number == 2


def test_a_number_is_free_only_after_a_silence():
    member = workforce.enlist()
    member.leave()
    assert workforce.enlist().number == 1
    silence(0)
    assert workforce.enlist().number == 0


def test_a_beat_keeps_the_number():
    member = workforce.enlist()
    silence(member.number)
    member.beat()
    assert workforce.living() == {0}
    assert workforce.enlist().number == 1


def test_a_process_that_lost_its_number_gets_another():
    member = workforce.enlist()
    silence(0)
    assert workforce.enlist().number == 0
    member.beat()
    assert member.number == 1
    assert workforce.living() == {0, 1}


def test_one_that_has_left_takes_a_new_number_if_it_beats_again():
    member = workforce.enlist()
    member.leave()
    member.beat()
    assert member.number == 1


def test_many_processes_never_share_a_number():
    gate = threading.Barrier(8)

    def lease(_: int) -> list[int]:
        try:
            gate.wait()
            return [workforce.enlist().number for _ in range(4)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for part in pool.map(lease, range(8)) for number in part]
    assert sorted(numbers) == list(range(32))


def test_there_are_1024_numbers(monkeypatch):
    monkeypatch.setattr(workforce, "NUMBERS", 2)
    assert [workforce.enlist().number, workforce.enlist().number] == [0, 1]
    with pytest.raises(NoNumberFree, match="all 2 numbers"):
        workforce.enlist()


class Clock:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(workforce, "monotonic", made)
    return made


def test_who_has_beaten_for_a_silence_without_a_gap_is_steady(clock, settings):
    settings.BEAT = 5.0
    member = workforce.enlist()
    for _ in range(4):
        assert not member.is_steady()
        clock.now += 5
        member.beat()
    assert member.is_steady()


def test_a_gap_starts_the_wait_again(clock, settings):
    settings.BEAT = 5.0
    member = workforce.enlist()
    for pause in (5, 5, 5, 11, 5, 5, 5):
        clock.now += pause
        member.beat()
        assert not member.is_steady()
    clock.now += 5
    member.beat()
    assert member.is_steady()
    clock.now += 11
    assert not member.is_steady()


def test_a_lost_number_starts_the_wait_again(clock, settings):
    settings.BEAT = 5.0
    member = workforce.enlist()
    for _ in range(4):
        clock.now += 5
        member.beat()
    Worker.objects.all().delete()
    clock.now += 5
    member.beat()
    assert not member.is_steady()


def test_a_heart_beats_and_outlives_a_database_that_is_gone_for_a_while(settings, monkeypatch, caplog):
    settings.BEAT = 0.01
    heart = Heart()
    beats = []
    beat = heart.membership.beat

    def fragile() -> None:
        beats.append(1)
        if len(beats) == 2:
            raise OperationalError("gone")
        beat()

    monkeypatch.setattr(heart.membership, "beat", fragile)
    before = Worker.objects.get().beat_at
    heart.start()
    deadline = time.monotonic() + 10
    while len(beats) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    heart.stop()
    assert len(beats) >= 4
    assert Worker.objects.get().beat_at > before
    assert "A beat failed: OperationalError" in caplog.text
