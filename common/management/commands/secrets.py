"""Secrets at rest: bring them to a new key."""

import json
from dataclasses import asdict
from typing import Annotated

from django.conf import settings
from django_typer.management import command, initialize
from rich.console import Console
from rich.progress import Progress
from typer import Exit, Option

from common import rotation
from common.commands import ConsoleCommand


class Command(ConsoleCommand):
    """Secrets at rest."""

    help = "Bring encrypted columns to the newest key of TOLLGATE_FIELD_KEYS."

    @initialize()
    def init(self) -> None:
        """Bring encrypted columns to the newest key of TOLLGATE_FIELD_KEYS."""

    @command()
    def rotate(
        self,
        batch: Annotated[int, Option(min=1, max=100_000, help="Rows in one transaction.")] = rotation.BATCH,
        as_json: Annotated[bool, Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """Encrypt every secret with the first key of TOLLGATE_FIELD_KEYS; what has it already stays.

        The site may go on meanwhile, if all of its processes know the new key. A run that was cut off is begun again.
        Ends with status 1 where something is left under another key.
        """
        with Progress(transient=True, disable=as_json, console=Console(stderr=True)) as bar:
            task = bar.add_task("Encrypting", total=rotation.values())
            tallies = rotation.rotate(batch=batch, progress=lambda done: bar.advance(task, done))
        left = sum(tally.unreadable + tally.busy for tally in tallies)
        if as_json:
            keys = len(settings.FIELD_KEYS)
            self.echo(
                json.dumps({"keys": keys, "left": left, "columns": [asdict(tally) for tally in tallies]}, indent=2)
            )
        else:
            for tally in tallies:
                self.echo(
                    f"{tally.column}: {tally.rotated} encrypted anew, {tally.current} had the newest key,"
                    f" {tally.unreadable} unreadable, {tally.busy} changed meanwhile"
                )
        if left:
            self.secho(
                f"{left} values are not under the newest key. Run it again, or find their key.", fg="red", err=True
            )
            raise Exit(1)
