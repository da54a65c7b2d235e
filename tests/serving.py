"""A running installation for tests: `manage.py quickstart` with a folder, a port and a database of its own."""

import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90  # on a busy machine
STOP_SECONDS = 45
LINK = re.compile(r"http://\S+/setup/\?token=\S+")
# of this checkout alone: two that share one would clear away each other's files
STATIC_CACHE = Path(tempfile.gettempdir()) / f"tollgate-static-{os.getuid()}-{zlib.crc32(str(ROOT).encode()):08x}"


class NotServing(AssertionError):
    """The server ended, or did not answer in time; the message carries what it printed."""


class Server:
    """`with Server() as server:` starts one and ends it, its processes, folder and database included.

    `database_url` names a PostgreSQL server on which a database of its own is made; by default the one that the tests
    run on (DATABASE_URL), else SQLite in the data folder. Other keywords are environment variables.
    """

    def __init__(self, database_url: str | None = None, *, workers: int = 1, **env: str) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.workers = workers
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-served-"))
        self.data = self.folder / "data"
        self.log_path = self.folder / "log"
        self._admin_url = os.environ.get("DATABASE_URL", "") if database_url is None else database_url
        self.database = f"served_{secrets.token_hex(6)}" if self._admin_url.startswith("postgres") else ""
        self.env = _clean_environment() | {"TOLLGATE_DATA": str(self.data), "PORT": str(self.port)} | env
        if self.database:
            self.env["DATABASE_URL"] = self.database_url = _with_database(self._admin_url, self.database)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.data.mkdir(mode=0o700)
        if self.database:
            _administer(self._admin_url, f'CREATE DATABASE "{self.database}"')
        _borrow_static(self.data)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        _lend_static(self.data)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.kill9()
        if self.database:
            _administer(self._admin_url, f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """Return all that server and worker printed, over restarts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def link(self) -> str:
        """Return the newest first-run link. Raises NotServing if none was printed."""
        found = LINK.findall(self.log)
        if not found:
            raise NotServing(f"no first-run link in:\n{self.log}")
        return str(found[-1])

    def start(self) -> None:
        """Start it and wait until it answers."""
        before = self.log.count("Tollgate ")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "quickstart", "--port", str(self.port), "--workers", str(self.workers)],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, so that kill9 reaches every child
            )
        self._wait(lambda: self.log.count("Tollgate ") > before)

    def running(self) -> bool:
        """Return whether its parent process lives."""
        return self.process is not None and self.process.poll() is None

    def healthy(self) -> bool:
        """Return whether it answers /healthz."""
        with suppress(URLError, OSError, ValueError):
            return bool(urlopen(f"{self.url}/healthz", timeout=2).status == 200)
        return False

    def stop(self) -> int | None:
        """End it as an operator would (SIGTERM) and return its exit status, None if it was not running."""
        if self.process is None or not self.running():
            return None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise NotServing(f"did not end within {STOP_SECONDS} s:\n{self.log}") from error

    def kill9(self) -> None:
        """Kill every process of it at once, as a power cut would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def restart(self) -> None:
        """Start it again on the same data; a running one is ended first."""
        self.stop()
        self.kill9()
        self.start()

    def manage(self, *args: str, stdin: str = "") -> str:
        """Return what `manage.py ...` prints on this installation. Raises CalledProcessError unless it exits with 0."""
        done = self.try_manage(*args, stdin=stdin)
        if done.returncode:
            raise AssertionError(
                f"manage.py {' '.join(args)} exited with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def try_manage(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Return the finished command, whatever its status."""
        command = [sys.executable, "manage.py", *args]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT on its database, whether it runs or not."""
        if self.database:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(statement).fetchall()
        with closing(sqlite3.connect(self.data / "tollgate.sqlite3", timeout=20)) as connection:
            return connection.execute(statement).fetchall()

    def execute(self, statement: str) -> None:
        """Change something in its database behind its back."""
        if self.database:
            _administer(self.database_url, statement)
            return
        with closing(sqlite3.connect(self.data / "tollgate.sqlite3", timeout=20, isolation_level=None)) as connection:
            connection.execute(statement)

    def _wait(self, ready) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if not self.running() or time.monotonic() > deadline:
                raise NotServing(f"no answer from {self.url}; it printed:\n{self.log}")
            time.sleep(0.1)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clean_environment() -> dict[str, str]:
    """Return the environment without what the tests, or the machine, have set for Tollgate itself."""
    names = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "REDIS_URL", "EMAIL_URL", "PORT", "HOST", "WORKERS"}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in names and not name.startswith(("TOLLGATE_", "GRANIAN_", "OIDC_", "GITHUB_", "PYTEST_"))
    }


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _borrow_static(data: Path) -> None:
    """Take over static files that an earlier server has collected: compressing them anew takes seconds."""
    kept = sorted(STATIC_CACHE.glob("*/static.stamp"), key=lambda stamp: stamp.stat().st_mtime)
    if kept:
        try:
            shutil.copytree(kept[-1].parent, data, dirs_exist_ok=True)
        except (OSError, shutil.Error):  # another test process has just cleared them away
            shutil.rmtree(data)
            data.mkdir()
        data.chmod(0o700)


def _lend_static(data: Path) -> None:
    """Keep the collected files for later servers, a folder for each state of the sources; the last few are kept."""
    stamp = data / "static.stamp"
    kept = STATIC_CACHE / stamp.read_text()[:16]
    if not kept.exists():
        draft = STATIC_CACHE / f".{os.getpid()}"
        shutil.copytree(data / "static", draft / "static")
        shutil.copy(stamp, draft)
        with suppress(OSError):  # another test process was first
            draft.rename(kept)
        shutil.rmtree(draft, ignore_errors=True)
        for old in sorted(STATIC_CACHE.glob("*/"), key=lambda folder: folder.stat().st_mtime)[:-4]:
            shutil.rmtree(old, ignore_errors=True)
    with suppress(OSError):
        (kept / "static.stamp").touch()
