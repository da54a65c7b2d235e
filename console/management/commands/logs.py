"""Look after what is written down."""

import json
from typing import Annotated

from django.utils import timezone
from django_typer.management import command, initialize
from rich.console import Console
from typer import Option

from common.commands import ConsoleCommand
from console import retention


class Command(ConsoleCommand):
    """Calls, errors and what was sent."""

    help = "Look after the logs of calls, errors and deliveries."

    @initialize()
    def init(self) -> None:
        """Keep the name of the only subcommand."""

    @command()
    def prune(
        self,
        dry_run: Annotated[bool, Option("--dry-run", help="Count only.")] = False,
        as_json: Annotated[bool, Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """Delete what is past its retention, as the background worker does every hour.

        The days are set in admin under privacy and retention. Rows go a few at a time, so that no call waits for them.
        """
        now = timezone.now()
        if dry_run:
            counted = retention.due(now)
        else:
            with Console(stderr=True, quiet=as_json).status("Pruning"):
                counted = retention.prune(now)
        if as_json:
            self.echo(json.dumps({"dry_run": dry_run, **counted}))
        else:
            verb = "To prune" if dry_run else "Pruned"
            self.echo(f"{verb}: " + ", ".join(f"{count} {name}" for name, count in counted.items()) + ".")
