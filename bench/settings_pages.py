"""`python -m bench.settings_pages`: how long the pages of the settings take on SQLite; a part of `make bench-full`.

One browser of an account with 20,000 calls, each logged with an address, asks for each page in turn, as a person does.
The time is that of the whole answer; beside it stands the CPU time of the server process.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import requests

from bench import processes, report
from tests.browsing import token
from tests.serving import Server

NAME, PASSWORD = "noa", "correct horse battery staple"  # of tests/journeys/seed.py: without a second factor
ROUNDS = 60
LIMIT_MS = 60.0
PAGES = ("", *("profile/", "security/", "notifications/", "pricing/", "privacy/", "sidebar/", "delete/"))
FILL = """
from accounts.models import User
from tests.booked import book, draft
from tests.journeys import seed
seed.fill()
user = User.objects.get(username=seed.NEWCOMER)
book(draft(user, address="203.0.113.7") for _ in range(20_000))
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Answers of a page in milliseconds, and the CPU time of the server for each."""

    page: str
    taken: Sequence[float]
    cpu_ms: float

    @property
    def p95(self) -> float:
        """Return the time that 95 of 100 stay below."""
        return sorted(self.taken)[int(len(self.taken) * 0.95)]

    def row(self) -> str:
        """Return a line of the table."""
        return f"| {self.page} | {median(self.taken):.0f} | {self.p95:.0f} | {self.cpu_ms:.0f} |"


def sign_in(browser: requests.Session, url: str) -> None:
    """Let the account in."""
    browser.trust_env = False
    page = browser.get(f"{url}/accounts/login/", timeout=60).text
    form = {"login": NAME, "password": PASSWORD, "csrfmiddlewaretoken": token(page)}
    browser.post(f"{url}/accounts/login/", form, timeout=60)


def ask(browser: requests.Session, url: str) -> float:
    """Return how many milliseconds a page took. Raises ValueError where it is not shown."""
    began = time.perf_counter()
    answer = browser.get(url, allow_redirects=False, timeout=60)
    taken = (time.perf_counter() - began) * 1e3
    if answer.status_code != 200:
        raise ValueError(f"{url} was answered with {answer.status_code}")
    return taken


def measure(server: Server, browser: requests.Session) -> Iterator[Times]:
    """Yield the times of each page; the first answer, which loads templates, is left out."""
    if server.process is None:
        raise ValueError("the server does not run")
    pids = processes.of_group(server.process.pid)
    for page in PAGES:
        path = f"/settings/{page}"
        ask(browser, server.url + path)
        before = processes.cpu_us(pids)
        taken = [ask(browser, server.url + path) for _ in range(ROUNDS)]
        yield Times(path, taken, (processes.cpu_us(pids) - before) / 1000 / ROUNDS)


def table(runs: Sequence[Times]) -> str:
    """Return the figures as a markdown table."""
    return "\n".join(["| page | p50 ms | p95 ms | CPU ms |", "|---|---|---|---|", *(run.row() for run in runs)])


def run() -> Sequence[Times]:
    """Return the times of every page, of a new installation."""
    with Server("") as server, requests.Session() as browser:
        server.manage("shell", "-v", "0", "-c", FILL)
        sign_in(browser, server.url)
        return list(measure(server, browser))


def main() -> int:
    """Print the table; return 1 where a p95 is above the limit."""
    runs = run()
    print(report.machine("SQLite"), table(runs), sep="\n\n", flush=True)
    slow = [run for run in runs if run.p95 > LIMIT_MS]
    print(*(f"SLOW: {run.page}: p95 {run.p95:.0f} ms, the limit is {LIMIT_MS:.0f}" for run in slow), sep="\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
