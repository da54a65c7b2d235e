"""`python -m bench.sign_in`: how long a sign-in takes beside streams; a part of `make bench-full`.

A visitor asks for the page, then sends name and password as a browser does; Argon2 runs as in any installation. The
time is that of the answer to the form.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import requests

from bench import processes, proofs, report
from bench.gate import Gate
from bench.processes import Process
from tests.browsing import token
from tests.serving import free_port
from tests.stores import postgres

STREAMS, SIGN_INS = 32, 100
NAME, PASSWORD = "visitor", "correct horse battery staple"
LIMIT_MS = 150.0


@dataclass(frozen=True, slots=True)
class Times:
    """Sign-ins of a run in milliseconds, and the streams that ended beside them."""

    name: str
    taken: Sequence[float]
    streams: int

    @property
    def p95(self) -> float:
        """Return the time that 95 of 100 stay below."""
        return sorted(self.taken)[int(len(self.taken) * 0.95)]

    def row(self) -> str:
        """Return a line of the table."""
        shown = [self.name, str(len(self.taken)), f"{median(self.taken):.0f}", f"{self.p95:.0f}", str(self.streams)]
        return f"| {' | '.join(shown)} |"


def sign_in(url: str) -> float:
    """Return how many milliseconds the answer to the form took. Raises ValueError where it did not sign in."""
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(f"{url}/accounts/login/", timeout=60)
        form = {"login": NAME, "password": PASSWORD, "csrfmiddlewaretoken": token(page.text)}
        began = time.perf_counter()
        answer = browser.post(f"{url}/accounts/login/", form, allow_redirects=False, timeout=60)
        taken = (time.perf_counter() - began) * 1e3
    if answer.status_code != 302:
        raise ValueError(f"the sign-in was answered with {answer.status_code}")
    return taken


@contextmanager
def streams(gate: Gate, key: str, folder: Path) -> Iterator[None]:
    """Keep STREAMS streams open, each asked again as soon as it has ended."""
    command = [sys.executable, "-m", "bench.streams", str(gate.port), str(STREAMS), "3600"]
    with Process(command, log=folder / "streams.log", env=gate.env | {"KEY": key}) as load:
        processes.wait_for(lambda: gate.query("SELECT count(*) FROM wallet_hold")[0][0] >= STREAMS // 2, seconds=30)
        yield
        if load.inner.poll() is not None:
            raise ValueError("the streams ended before the sign-ins")


def measure(store: str, name: str, folder: Path) -> Iterator[Times]:
    """Yield the times of sign-ins, alone first, then beside the streams."""
    sse = free_port()
    with ExitStack() as stack:
        stack.enter_context(Process([sys.executable, "-m", "bench.sse", str(sse)], log=folder / "sse.log"))
        processes.wait_for(lambda: proofs.listening([sse]))
        gate = stack.enter_context(Gate(store, plain=sse, stream=sse))
        key = gate.furnish()
        gate.manage("user", "create", NAME, "--email", "visitor@example.com", "--password-stdin", stdin=PASSWORD)
        sign_in(gate.url)  # the first one loads what the others share
        yield Times(f"{name}, alone", [sign_in(gate.url) for _ in range(SIGN_INS)], 0)
        with streams(gate, key, folder):
            before = gate.books().rows
            taken = [sign_in(gate.url) for _ in range(SIGN_INS)]
            yield Times(f"{name}, {STREAMS} streams", taken, gate.books().rows - before)


def table(runs: Sequence[Times]) -> str:
    """Return the figures as a markdown table."""
    head = "| sign-in with Argon2id | sign-ins | p50 ms | p95 ms | streams ended meanwhile |"
    return "\n".join([head, "|---|---|---|---|---|", *(run.row() for run in runs)])


def compare(url: str | None, folder: Path) -> Iterator[Times]:
    """Yield the times on PostgreSQL, where there is one, and on SQLite; alone and beside the streams."""
    for store, title in ((url, "PostgreSQL"), ("", "SQLite")):
        if store is not None:
            yield from measure(store, title, folder)


def main() -> int:
    """Print the table; return 1 where a p95 beside streams is above the limit."""
    url = postgres()
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as name:
        runs = list(compare(url, Path(name)))
    print(report.machine("PostgreSQL and SQLite" if url else "SQLite"), table(runs), sep="\n\n", flush=True)
    slow = [run for run in runs if run.streams and run.p95 > LIMIT_MS]
    print(*(f"SLOW: {run.name}: p95 {run.p95:.0f} ms, the limit is {LIMIT_MS:.0f}" for run in slow), sep="\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
