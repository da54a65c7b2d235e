"""`python -m bench.deliveries`: whether calls feel that messages wait; a part of `make bench-full`.

An account's webhook leads to a receiver that takes every connection and never answers; 1,000 messages wait for it, so
that the background runner is at work all the time. Calls at 32 connections are measured in turn by an account of an
installation like this, and of one where nothing waits.
"""

import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import load, nginx, processes, proofs, report
from bench.gate import Gate
from bench.load import Cell, System
from tests.serving import free_port
from tests.stores import postgres

WAITING, ROUNDS, SECONDS = 1000, 5, 2.0
NOISE = 1.25  # the p99 beside the messages may be so many times the one without
FILL = """
from accounts.models import User
from notifications import changes, outbox, services
from notifications.models import Delivery
user = User.objects.get(username="bench")
changes.save(user, "webhook", form={{"url": "http://127.0.0.1:{port}/"}}, enabled=True)
for _ in range({count}):
    services.announce(user, "quota.low", {{"total": 1, "threshold": 2}})
Delivery.objects.filter(method="email").delete()
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """The calls of a store, without and with messages that wait."""

    name: str
    alone: Sequence[Cell]
    beside: Sequence[Cell]
    left: int  # messages that still wait at the end

    @property
    def ratio(self) -> float:
        """Return how many times as long the slowest of a hundred calls take beside the messages."""
        return median(cell.p99 for cell in self.beside) / median(cell.p99 for cell in self.alone)

    def rows(self) -> Iterator[str]:
        """Yield two lines of the table."""
        for what, cells, left in (("nothing waits", self.alone, 0), ("messages wait", self.beside, self.left)):
            figures = [median(getattr(cell, name) for cell in cells) for name in ("rps", "p50", "p99")]
            shown = [f"{self.name}, {what}", str(left), f"{figures[0]:,.0f}", f"{figures[1]:.2f}", f"{figures[2]:.2f}"]
            yield f"| {' | '.join(shown)} |"


@contextmanager
def dead_receiver() -> Iterator[int]:
    """Yield the port of one that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield listening.getsockname()[1]


def measure(store: str, name: str, folder: Path) -> Pair:
    """Return the calls of both installations, taken in turn."""
    mock = free_port()
    with ExitStack() as stack:
        stack.enter_context(nginx.mock(folder / name, mock))
        processes.wait_for(lambda: proofs.listening([mock]))
        port = stack.enter_context(dead_receiver())
        gates = [stack.enter_context(Gate(store, plain=mock, stream=mock)) for _ in range(2)]
        systems: list[System] = [
            gate.system(gate.furnish(), name=which) for gate, which in zip(gates, "ab", strict=True)
        ]
        gates[1].manage("shell", "-v", "0", "-c", FILL.format(port=port, count=WAITING))
        for system in systems:
            load.wrk(system, connections=32, seconds=SECONDS, folder=folder)
        cells = load.rounds(systems, count=ROUNDS, connections=(32,), seconds=SECONDS, folder=folder)
        left = gates[1].query("SELECT count(*) FROM notifications_delivery WHERE state = 'pending'")[0][0]
        return Pair(name, cells["a", 32], cells["b", 32], int(left))


def table(pairs: Sequence[Pair]) -> str:
    """Return the figures as a markdown table."""
    head = "| calls at 32 connections | messages left | calls/s | p50 ms | p99 ms |"
    return "\n".join([head, "|---|---|---|---|---|", *(row for pair in pairs for row in pair.rows())])


def compare(url: str | None, folder: Path) -> Iterator[Pair]:
    """Yield the calls on PostgreSQL, where there is one, and on SQLite."""
    for store, name in ((url, "PostgreSQL"), ("", "SQLite")):
        if store is not None:
            yield measure(store, name, folder)


def main() -> int:
    """Print the table; return 1 where calls are slower beside the messages than noise explains."""
    url = postgres()
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as name:
        pairs = list(compare(url, Path(name)))
    print(report.machine("PostgreSQL and SQLite" if url else "SQLite"), table(pairs), sep="\n\n", flush=True)
    slow = [pair for pair in pairs if pair.ratio > NOISE]
    print(*(f"SLOW: {pair.name}: p99 {pair.ratio:.2f} times as long, {NOISE} is noise" for pair in slow), sep="\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
