"""Keeping processes alive, and ending them together."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from console import supervisor
from console.supervisor import Child, ChildLost, Supervisor

HERE = Path.cwd()
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
FAIL = [sys.executable, "-c", "raise SystemExit(3)"]
DEAF = [
    *(sys.executable, "-c"),
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(60)",
]


@pytest.fixture(autouse=True)
def handlers():
    """Give pytest its signal handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(supervisor, "TICK", 0.01)


def send_when(true, number):
    """Send this process a signal as soon as `true()`."""

    def wait():
        deadline = time.monotonic() + 30
        while not true() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_child(number):
    children = [Child("one", SLEEP, HERE), Child("two", SLEEP, HERE)]
    send_when(lambda: all(child.running() for child in children), number)
    Supervisor(children, grace=10).run(lambda: True)
    assert [child.process.returncode for child in children] == [-signal.SIGTERM] * 2


def test_a_child_that_crashes_is_started_again(caplog):
    child = Child("worker", SLEEP, HERE)
    killed: list[object] = []

    def started():
        if not killed:
            killed.append(child.process)
            child.process.kill()
        return True

    send_when(lambda: killed and child.process is not killed[0] and child.running(), signal.SIGTERM)
    Supervisor([child], grace=10).run(started)
    assert "The worker ended; starting it again" in caplog.text
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_keeps_ending_is_given_up_and_the_others_end():
    bad, good = Child("worker", FAIL, HERE), Child("server", SLEEP, HERE)
    with pytest.raises(ChildLost, match="worker"):
        Supervisor([good, bad], grace=10).run(lambda: True)
    assert bad.early_ends == supervisor.EARLY_ENDS
    assert not good.running()


def test_a_child_that_restarts_its_own_parts_is_not_restarted():
    with pytest.raises(ChildLost, match="server"):
        Supervisor([Child("server", FAIL, HERE, respawn=False)], grace=10).run(lambda: True)


def test_an_end_after_some_work_is_no_early_end(monkeypatch):
    monkeypatch.setattr(supervisor, "EARLY", 0.0)
    child = Child("worker", FAIL, HERE)
    child.start()
    child.process.wait()
    for _ in range(supervisor.EARLY_ENDS + 1):
        child.revive()
        child.process.wait()
    assert child.early_ends == 0


def test_a_child_that_ignores_the_signal_is_killed_after_its_grace(tmp_path):
    ready = tmp_path / "deaf"
    child = Child("deaf", [*DEAF, str(ready)], HERE)
    send_when(ready.exists, signal.SIGTERM)
    Supervisor([child], grace=0.2).run(lambda: True)
    assert child.process.returncode == -signal.SIGKILL


def test_children_are_asked_until_they_are_ready():
    answers = [True, False, False]
    send_when(lambda: not answers, signal.SIGTERM)
    Supervisor([Child("server", SLEEP, HERE)], grace=10).run(answers.pop)
    assert answers == []
