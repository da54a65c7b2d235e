"""`python -m tests.stores`: the tests on SQLite, then on PostgreSQL where one is reachable. Arguments go to pytest.

TOLLGATE_TEST_POSTGRES names a server on which databases may be made; without it the standard port and socket of this
machine are asked. With CI=true a missing PostgreSQL is a failure.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg

PROBES = ("postgres://postgres@127.0.0.1:5432/postgres", "postgres://postgres@/postgres?host=/var/run/postgresql")
MAY_CREATE = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
NO_TESTS = 5  # pytest's status when the arguments select none


def postgres() -> str | None:
    """Return the URL of a PostgreSQL server that lets the tests make databases."""
    named = os.environ.get("TOLLGATE_TEST_POSTGRES")
    return next((url for url in ([named] if named else PROBES) if usable(url)), None)


def usable(url: str) -> bool:
    """Return whether `url` answers and its role may make databases."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(MAY_CREATE).fetchone()
    except psycopg.OperationalError:
        return False
    return bool(row and row[0])


def stores() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each store's name and environment, and say which one is left out."""
    plain = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PORT"}}
    url = postgres()
    if url is None:
        print(
            "PostgreSQL is left out: no server answers at TOLLGATE_TEST_POSTGRES, 127.0.0.1:5432 or /var/run/postgresql"
            " that lets the role postgres make databases.",
            flush=True,
        )
    yield "SQLite", plain
    if url is not None:
        yield "PostgreSQL", plain | {"DATABASE_URL": url}
    elif os.environ.get("CI") == "true":
        sys.exit("CI=true: a missing PostgreSQL is a failure.")


def run(store: str, environment: dict[str, str], arguments: list[str]) -> tuple[int, str]:
    """Run pytest on a store, passing its output on. Return its status and its closing line."""
    parallel = [] if {"-n", "--pdb", "-p"} & set(arguments) else ["-n", "2"]
    command = [sys.executable, "-m", "pytest", "-q", *parallel, *arguments]
    print(f"--- {store}", flush=True)
    closing = ""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            closing = line.strip() or closing
    return process.returncode, closing


def main(arguments: list[str]) -> int:
    """Return 0 if all pass on every store. The last line printed is a closing line of pytest, of a failure if any."""
    ends = [(store, *run(store, environment, arguments)) for store, environment in stores()]
    failed = [end for end in ends if end[1] not in {0, NO_TESTS}]
    for store, _, closing in sorted(ends, key=lambda end: end in failed):
        print(f"{store}:\n{closing}", flush=True)
    return 1 if failed or all(status == NO_TESTS for _, status, _ in ends) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
