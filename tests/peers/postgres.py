"""A PostgreSQL of a test's own, to be stopped and started at will: a folder, a free port, no password.

It refuses to run as root, so root lends it to the account `postgres`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.serving import free_port


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest one installed; None without PostgreSQL."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    return packaged[-1] if packaged else Path(found).parent if found else None


class Cluster:
    """`with Cluster() as cluster:` has one running; a machine without PostgreSQL skips, CI fails."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        found = binaries()
        if found is None:
            assert os.environ.get("CI") != "true", "CI=true: PostgreSQL must be installed"
            pytest.skip("PostgreSQL is not installed")
        self.bin = found
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-pg-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """End it at once, as a crash would: connections break, nothing is finished."""
        if (self.folder / "data/postmaster.pid").exists():
            self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def _run(self, tool: str, *arguments: str) -> None:
        lent: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
        command = [*lent, str(self.bin / tool), "-D", str(self.folder / "data"), *arguments]
        # a file, not a pipe: the server inherits it and would keep the pipe open
        with (self.folder.with_suffix(".out")).open("w+b") as output:
            done = subprocess.run(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", check=False)
        text = self.folder.with_suffix(".out").read_text()
        self.folder.with_suffix(".out").unlink()
        assert done.returncode == 0, text
