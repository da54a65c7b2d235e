"""Keep a few child processes alive, and end them together."""

import logging
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger(__name__)

TICK = 0.2  # seconds between two looks at the children
EARLY = 10.0  # seconds: a child that ends sooner did not get to work
EARLY_ENDS = 3  # in a row, then it is given up


class ChildLost(Exception):
    """A child ended and will not be started again; the message is its name."""


@dataclass(slots=True)
class Child:
    """A process to keep. `respawn` is False for one that restarts its own parts and ends only for good."""

    name: str
    command: Sequence[str]
    folder: Path
    respawn: bool = True
    early_ends: int = 0
    started: float = 0.0
    process: subprocess.Popen[bytes] = field(init=False, repr=False)  # once started

    def start(self) -> None:
        """Start the process in the group of this one, so that a signal to the group reaches all."""
        self.process = subprocess.Popen(self.command, cwd=self.folder)  # noqa: S603 (our own command line)
        self.started = time.monotonic()

    def running(self) -> bool:
        """Return whether the process is there."""
        return self.started > 0 and self.process.poll() is None

    def revive(self) -> None:
        """Start the process again if it has ended. Raises ChildLost when that is hopeless."""
        if self.running():
            return
        early = time.monotonic() - self.started < EARLY
        self.early_ends = self.early_ends + 1 if early else 0
        if not self.respawn or self.early_ends >= EARLY_ENDS:
            raise ChildLost(self.name)
        logger.error("The %s ended; starting it again", self.name)
        self.start()


class Supervisor:
    """Starts children, restarts those that crash, and on SIGTERM or SIGINT ends all of them."""

    def __init__(self, children: Sequence[Child], *, grace: float) -> None:
        self.children = children
        self.grace = grace  # seconds that children have to finish
        self.stopping = False

    def run(self, when_started: Callable[[], bool]) -> None:
        """Return after a signal, with every child ended.

        `when_started` is asked every tick until it returns True. Raises ChildLost if a child ended for good; the others
        are ended first.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            for child in self.children:
                child.start()
            started = False
            while not self.stopping:
                started = started or when_started()
                time.sleep(TICK)
                self._tend()
        finally:
            self._end()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _tend(self) -> None:
        for child in self.children:
            if not self.stopping:
                child.revive()

    def _end(self) -> None:
        running = [child.process for child in self.children if child.running()]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.grace
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
