"""`make bench`: within a minute, is the gate still fast, and does it still lose nothing? `--smoke` is shorter, laxer.

Fails on any answer that is not right, any row or nano-USD that is missing, and on ratios and CPU times beyond the
limits below; never on absolute rates, which depend on who else uses the machine.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load, nginx, processes, proofs, report
from bench.gate import Gate
from bench.load import Cells, System
from bench.processes import Process
from tests.serving import free_port
from tests.stores import postgres

# At 32 connections, against nginx passing the same call on in the same run: what disturbs one disturbs the other, and a
# slower processor slows both. 0.06 of its rate is thirty times LiteLLM's.
MIN_RATE = 0.06
MAX_APP, MAX_DB = 30, 10  # times nginx's CPU time a call


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure, and how much worse than the limits a busy machine may be."""

    rounds: int
    seconds: float
    stream_seconds: float
    affords: int
    slack: float


QUICK = Plan(rounds=3, seconds=2, stream_seconds=2, affords=60, slack=1.5)
SMOKE = Plan(rounds=2, seconds=1, stream_seconds=1, affords=30, slack=2.0)


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 and say why if something is wrong or too slow."""
    plan = SMOKE if "--smoke" in arguments else QUICK
    url = "" if "--sqlite" in arguments else os.environ.get("DATABASE_URL") or postgres() or ""
    began = time.monotonic()
    print(report.machine("PostgreSQL" if url else "SQLite"), flush=True)
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder, ExitStack() as stack:
        wrong = measure(plan, url, Path(folder), stack)
    print(f"\n{time.monotonic() - began:.0f} s", *(f"FAIL: {what}" for what in wrong), sep="\n", flush=True)
    return 1 if wrong else 0


def measure(plan: Plan, url: str, folder: Path, stack: ExitStack) -> list[str]:
    """Return what is wrong; print the tables."""
    mock, proxy, sse = free_port(), free_port(), free_port()
    stack.enter_context(nginx.mock(folder / "mock", mock))
    ceiling = stack.enter_context(nginx.proxy(folder / "proxy", proxy, mock))
    stack.enter_context(Process([sys.executable, "-m", "bench.sse", str(sse)], log=folder / "sse.log"))
    processes.wait_for(lambda: proofs.listening([mock, proxy, sse]))
    gate = stack.enter_context(Gate(url, plain=mock, stream=sse))
    key = gate.furnish()
    systems = [System("nginx", proxy, key, ceiling.pids), gate.system(key)]
    for system in systems:
        load.wrk(system, connections=32, seconds=1, folder=folder)
    before = gate.settled()
    calls = load.rounds(systems, count=plan.rounds, connections=(1, 32), seconds=plan.seconds, folder=folder)
    print("\n" + report.calls_table(calls, baselines=["nginx"]), flush=True)
    streaming = [System("direct", sse, key, list), gate.system(key)]
    streams = load.stream_rounds(streaming, connections=(1, 32), seconds=plan.stream_seconds)
    print("\n" + report.streams_table(streams), flush=True)
    delivered = sum(
        cell.right for (name, _), cells in [*calls.items(), *streams.items()] for cell in cells if name == "gate"
    )
    return [
        *too_slow(calls, slack=plan.slack),
        *report.not_right(calls),
        *report.not_right(streams),
        *proofs.books_match(gate, before=before, delivered=delivered, cut=plan.rounds * 33),
        *proofs.dry_wallet(gate, affords=plan.affords),
        *proofs.kill_under_load(gate, key, folder),
    ]


def too_slow(calls: Cells, *, slack: float) -> Iterator[str]:
    """Yield what is beyond the limits at 32 connections."""
    gate, ceiling = report.middle(calls["gate", 32]), report.middle(calls["nginx", 32])
    if gate.rps < ceiling.rps * MIN_RATE / slack:
        yield f"{gate.rps / ceiling.rps:.3f} of nginx's calls a second, at least {MIN_RATE / slack:.3f} are expected"
    for who, cost, most in (("server", gate.app_us, MAX_APP), ("database", gate.db_us, MAX_DB)):
        if cost > ceiling.app_us * most * slack:
            times = cost / ceiling.app_us
            yield f"a call costs the {who} {times:.1f} times nginx's CPU time, at most {most * slack:.1f} are expected"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
