"""The background runner: chores, each at its own interval, in a process of which any number may run at once."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two looks at what is due
LONGEST_PAUSE = 60.0  # seconds before a failed chore is tried again
ALIVE = 60.0  # seconds without a beat after which a runner counts as gone: longer than any chore should take


@dataclass(slots=True)
class Chore:
    """Something to do every `every` seconds."""

    name: str
    every: float
    verb: Callable[[], object]
    due: float = 0.0
    failures: int = 0

    def run(self, now: float) -> None:
        """Do it, and log a failure. Who fails waits longer each time, so that a lost database floods no log."""
        try:
            self.verb()
        except Exception:
            self.failures += 1
            logger.exception("The chore %s failed", self.name)
            self.due = now + min(2.0**self.failures, LONGEST_PAUSE)
        else:
            self.failures = 0
            self.due = now + self.every


class Runner:
    """Runs chores one after the other as they fall due, until told to stop; one of a process says that it lives."""

    def __init__(self, chores: Sequence[Chore], *, beats: bool = True) -> None:
        self.chores = chores
        self.beats = beats
        self.stopping = False

    def stop(self, *_: object) -> None:
        """Return from `run` after the chore in hand; fit to be a signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Loop until stopped."""
        while not self.stopping:
            self.round(time.monotonic())
            time.sleep(PAUSE)

    def round(self, now: float) -> int:
        """Run each chore that is due at the monotonic second `now`; return how many are failing."""
        close_old_connections()
        for chore in self.chores:
            if chore.due <= now and not self.stopping:
                chore.run(now)
        if self.beats:
            beat_file().touch(mode=0o600)
        close_old_connections()
        return sum(chore.failures > 0 for chore in self.chores)


def beat_file() -> Path:
    """Return the file whose time says when a runner on this machine last finished a round."""
    return Path(settings.DATA) / "worker.beat"


def alive(now: float) -> bool:
    """Return whether a runner on this machine was at work within a minute of the Unix second `now`."""
    return beat_file().exists() and now - beat_file().stat().st_mtime < ALIVE
