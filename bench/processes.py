"""What processes cost: CPU time and memory, read from /proc. Only processes that the bench started are ever ended."""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class Process:
    """`with Process([...]) as process:` runs a command in a process group of its own and ends it by its id."""

    def __init__(self, command: Sequence[str], *, log: Path, env: dict[str, str] | None = None) -> None:
        self.command = command
        self.log = log
        self.env = env

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self.inner = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        for number in (15, 9):
            with suppress(ProcessLookupError):
                os.killpg(self.inner.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.inner.wait(10)
                return

    def pids(self) -> list[int]:
        """Return its processes, children included."""
        return of_group(self.inner.pid)


def of_group(group: int, *, having: str = "") -> list[int]:
    """Return the processes of a group, those only whose command line holds `having`."""
    return [pid for pid in _all() if _field(pid, 4) == group and having in command_line(pid)]


def having(words: str, *, name: str) -> list[int]:
    """Return the processes of this name with these words in their title, whoever started them; to measure only."""
    return [pid for pid in _all() if _read(PROC / str(pid) / "comm").strip() == name and words in command_line(pid)]


def cpu_us(pids: Iterable[int]) -> int:
    """Return the user and system CPU time of these processes in microseconds."""
    return sum(_field(pid, 13) + _field(pid, 14) for pid in pids) * TICK_US


def pss_mb(pids: Iterable[int]) -> float:
    """Return their memory in MB, each shared page counted in proportion."""
    lines = [line for pid in pids for line in _read(PROC / str(pid) / "smaps_rollup").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def command_line(pid: int) -> str:
    """Return the command line, empty if the process is gone."""
    return _read(PROC / str(pid) / "cmdline").replace("\0", " ")


def wait_for(ready: Callable[[], bool], *, seconds: float = 60) -> None:
    """Return when `ready()` is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{ready} after {seconds} s")
        time.sleep(0.05)


def _all() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _field(pid: int, index: int) -> int:
    """Return a number of /proc/PID/stat, counted from 0 (proc(5)); 0 if the process is gone."""
    text = _read(PROC / str(pid) / "stat")
    return int(text.rpartition(")")[2].split()[index - 2]) if text else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
