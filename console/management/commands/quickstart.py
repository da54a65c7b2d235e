"""Prepare the installation and run it: server and background worker, in the foreground."""

import os
import sys
from typing import Annotated

from typer import Exit, Option

from common.commands import ConsoleCommand
from console import quickstart
from console.supervisor import ChildLost


class Command(ConsoleCommand):
    """Migrate, collect static files, then run the server and the worker until Ctrl-C."""

    help = "Migrate, collect static files, then run the server and the background worker until Ctrl-C."

    def handle(
        self,
        port: Annotated[int, Option(envvar="PORT", min=1, max=65_535, help="Port to listen on.")] = 8000,
        host: Annotated[str, Option(envvar="HOST", help="Name or address to listen on.")] = "localhost",
        workers: Annotated[int, Option(envvar="WORKERS", min=1, max=64, help="Server processes.")] = 1,
    ) -> None:
        """Exit with status 1, and a sentence that says why, when the installation cannot run."""
        if os.environ.get("PORT", "8000") != str(port):
            # the base URL of the settings follows the port, so they must be read with it
            os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PORT": str(port)})  # noqa: S606
        try:
            quickstart.run(host=host, port=port, workers=workers)
        except quickstart.PortTaken:
            self._refuse(f"Port {port} is in use by another program. Choose another one: make run PORT={port + 1}")
        except ChildLost as lost:
            self._refuse(f"The {lost} keeps ending; the lines above say why.")

    def _refuse(self, sentence: str) -> None:
        self.secho(sentence.strip(), err=True)
        raise Exit(1)
