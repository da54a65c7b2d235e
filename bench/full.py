"""`make bench-full`: every system, both stores, one and two workers, side by side; prints the tables of the docs."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import deliveries, litellm, load, nginx, processes, proofs, report, settings_pages, sign_in
from bench.gate import Gate
from bench.load import System
from bench.processes import Process
from tests.serving import free_port
from tests.stores import postgres

ROUNDS, SECONDS, STREAM_SECONDS = 3, 2.0, 3.0
CONNECTIONS = (1, 32, 64)
STREAMS = (1, 32, 128)
OPEN_STREAMS = 1000
KILLS = 10
NAMES = ("gate, PostgreSQL", "gate, SQLite")


def main() -> int:
    """Print the figures; return 1 and say why if an answer was not right or a row is missing."""
    url = postgres()
    if url is None:
        sys.exit("The full bench needs a PostgreSQL; TOLLGATE_TEST_POSTGRES names one.")
    version = litellm.install()
    print(f"{report.machine('PostgreSQL and SQLite')} LiteLLM {version}, no database.", flush=True)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as name:
        for workers in (1, 2):
            with ExitStack() as stack:
                wrong += measure(url, workers, Path(name) / str(workers), stack)
        with ExitStack() as stack:
            wrong += kills(url, Path(name) / "kills", stack)
        print(f"\n{sign_in.table(list(sign_in.compare(url, Path(name))))}", flush=True)
        print(f"\n{deliveries.table(list(deliveries.compare(url, Path(name))))}", flush=True)
    print(f"\n{settings_pages.table(settings_pages.run())}", flush=True)
    print(*(f"FAIL: {what}" for what in wrong), sep="\n", flush=True)
    return 1 if wrong else 0


def measure(url: str, workers: int, folder: Path, stack: ExitStack) -> Iterator[str]:
    """Yield what is wrong with this number of workers; print the tables."""
    folder.mkdir()
    mock, proxy, sse, lite = (free_port() for _ in range(4))
    upstream = stack.enter_context(nginx.mock(folder / "mock", mock))
    ceiling = stack.enter_context(nginx.proxy(folder / "proxy", proxy, mock))
    stack.enter_context(Process([sys.executable, "-m", "bench.sse", str(sse)], log=folder / "sse.log"))
    other = stack.enter_context(litellm.serve(folder / "lite", lite, plain=mock, stream=sse, workers=workers))
    processes.wait_for(lambda: proofs.listening([mock, proxy, sse]))
    gates = [stack.enter_context(Gate(store, plain=mock, stream=sse, workers=workers)) for store in (url, "")]
    keys = [gate.furnish() for gate in gates]
    metered = [gate.system(key, name=name) for gate, key, name in zip(gates, keys, NAMES, strict=True)]
    rival = litellm.system(other, lite, name="LiteLLM")
    systems = [
        System("direct", mock, "none", upstream.pids),
        System("nginx", proxy, "none", ceiling.pids),
        *metered,
        rival,
    ]
    for system in systems:
        load.wrk(system, connections=32, seconds=2, folder=folder)
    before = [gate.settled() for gate in gates]
    calls = load.rounds(systems, count=ROUNDS, connections=CONNECTIONS, seconds=SECONDS, folder=folder)
    print(
        f"\n{workers} worker(s) each, nginx one\n\n" + report.calls_table(calls, baselines=["nginx", "LiteLLM"]),
        flush=True,
    )
    streaming = [System("direct", sse, "none", list), *metered, rival]
    streams = load.stream_rounds(streaming, connections=STREAMS, seconds=STREAM_SECONDS)
    print("\n" + report.streams_table(streams), flush=True)
    crowd = load.stream_rounds(metered, connections=(OPEN_STREAMS,), seconds=0.1)
    print("\n" + report.streams_table(crowd), flush=True)
    yield from report.not_right({**calls, **streams, **crowd})
    for gate, system, books in zip(gates, metered, before, strict=True):
        cells = [
            cell
            for cells in (calls, streams, crowd)
            for (name, _), some in cells.items()
            if name == system.name
            for cell in some
        ]
        delivered = sum(cell.right for cell in cells)
        yield from proofs.books_match(gate, before=books, delivered=delivered, cut=ROUNDS * sum(CONNECTIONS))
        yield from proofs.dry_wallet(gate, affords=200)


def kills(url: str, folder: Path, stack: ExitStack) -> Iterator[str]:
    """Yield what kill -9 under load has lost, on each store."""
    folder.mkdir()
    mock = free_port()
    stack.enter_context(nginx.mock(folder / "mock", mock))
    for store in (url, ""):
        gate = stack.enter_context(Gate(store, plain=mock, stream=mock, workers=2))
        key = gate.furnish()
        for _ in range(KILLS):
            yield from proofs.kill_under_load(gate, key, folder)


if __name__ == "__main__":
    sys.exit(main())
