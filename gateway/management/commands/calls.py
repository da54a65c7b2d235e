"""Look after the calls under way."""

import json
import time
from typing import Annotated

from django_typer.management import command, initialize
from rich.progress import track
from typer import Exit, Option

from common.commands import ConsoleCommand
from gateway import sweep as sweeping
from gateway import workforce

LOOKS = 40  # at the heart, within the time that makes a silent worker a dead one


class Command(ConsoleCommand):
    """Calls under way."""

    help = "Look after calls that servers have left open."

    @initialize()
    def init(self) -> None:
        """Keep the name of the only subcommand."""

    @command()
    def sweep(self, as_json: Annotated[bool, Option("--json", help="Print as JSON.")] = False) -> None:
        """Settle the calls of servers that have stopped, as the background worker does.

        Takes as long as a server must be silent to count as stopped.
        """
        try:
            heart = sweeping.heart()
        except workforce.NoNumberFree as error:
            self.secho(f"Not swept: {error}.", fg="red", err=True)
            raise Exit(1) from error
        pause = workforce.silence() / LOOKS
        for _ in track(range(LOOKS), description="Waiting for signs of life", transient=True, disable=as_json):
            time.sleep(pause)
        deadline = time.monotonic() + workforce.silence()
        while not heart.membership.is_steady():
            if time.monotonic() > deadline:
                self.secho("Not swept: the database was out of reach for a while. Try again.", fg="red", err=True)
                raise Exit(1)
            time.sleep(pause)
        swept = sweeping.sweep(time.time())
        self.echo(json.dumps({"swept": swept}) if as_json else f"Calls settled: {swept}.")
