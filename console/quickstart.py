"""One command from an empty machine to a running installation: prepare the data, start server and worker, say where."""

import hashlib
import http.client
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from console import setup
from console.supervisor import Child, Supervisor
from pricing import catalogue

DRAIN = 30  # seconds that calls in flight have to finish
BACKLOG = 4096  # connections that wait for a worker
OPEN_CALLS = 4096  # calls that one worker carries at a time: mostly idle streams
OPEN_FILES = 65_536  # a stream needs two sockets
HEADER_MS = 10_000  # to send a request's headers; half-open ones are closed


class PortTaken(Exception):
    """Another program listens on the port."""


def prepare() -> None:
    """Bring the database and the static files up to this version; load the price catalogue on first start."""
    call_command("migrate", verbosity=0, interactive=False)
    collect_static()
    catalogue.load_first_party()


def collect_static() -> None:
    """Collect, hash and compress the static files, if any of them changed since the last time."""
    stamp = settings.DATA / "static.stamp"
    current = hashlib.sha256("\n".join(_static_files()).encode()).hexdigest()
    if settings.STATIC_ROOT.exists() and stamp.exists() and stamp.read_text() == current:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(current)


def _static_files() -> Iterator[str]:
    yield settings.VERSION
    for finder in get_finders():
        for name, storage in sorted(finder.list(ignore_patterns=[]), key=lambda found: found[0]):
            seen = Path(storage.path(name)).stat()
            yield f"{name} {seen.st_size} {seen.st_mtime_ns}"


def claim_port(host: str, port: int) -> None:
    """Raise PortTaken if any address of `host` has a listener on `port`: a browser may try each of them."""
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.settimeout(1)
            if probe.connect_ex(address) == 0:
                raise PortTaken


def run(*, host: str, port: int, workers: int) -> None:
    """Serve until a signal comes. Raises PortTaken, or ChildLost if server or worker cannot be kept alive."""
    claim_port(host, port)
    prepare()
    _raise_file_limit()
    address = bind_address(host)
    children = [
        Child("server", server_command(address, port, workers), settings.BASE_DIR, respawn=False),
        Child("worker", [sys.executable, "manage.py", "worker"], settings.BASE_DIR),
    ]

    def greet_when_ready() -> bool:
        if ready := answers(address, port):
            greet()
        return ready

    Supervisor(children, grace=DRAIN + 5).run(greet_when_ready)


def bind_address(host: str) -> str:
    """Return the address to listen on: "localhost" is 127.0.0.1, which browsers try when ::1 is silent."""
    return "127.0.0.1" if host == "localhost" else host


def server_command(address: str, port: int, workers: int) -> list[str]:
    """Return the command line of the server. granian restarts workers that crash, and ends if they keep crashing."""
    return [
        *(sys.executable, "-m", "granian", "config.asgi:application", "--interface", "asgi", "--loop", "uvloop"),
        *("--host", address, "--port", str(port), "--workers", str(workers), "--respawn-failed-workers"),
        *("--workers-kill-timeout", str(DRAIN), "--backlog", str(BACKLOG), "--backpressure", str(OPEN_CALLS)),
        *("--http", "1", "--no-ws", "--http1-header-read-timeout", str(HEADER_MS)),
        *("--no-access-log", "--log-level", "warning", "--log-config", str(settings.BASE_DIR / "config/granian.json")),
    ]


def answers(address: str, port: int) -> bool:
    """Return whether the server answers HTTP yet."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 (what was asked for)
    connection = http.client.HTTPConnection(reachable, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()


def greet() -> None:
    """Say where the site is and, while there is no account, how to make the first."""
    lines = [f"Tollgate {settings.VERSION} runs at {settings.BASE_URL} (Ctrl-C ends it)"]
    if link := setup.first_link():
        lines += [
            "There is no account yet. This link makes the first administrator; it works once, for 30 minutes:",
            link,
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
