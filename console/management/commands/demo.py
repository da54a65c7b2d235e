"""Fill the database with a believable month, for looking at it."""

import json
from dataclasses import asdict
from typing import Annotated

from django.core.management import call_command
from django.utils import timezone
from rich.progress import Progress
from typer import Exit, Option

from common.commands import ConsoleCommand
from common.money import plain
from console import demo

CALLS = 3_000


class Command(ConsoleCommand):
    """Make an account with keys, money and a month of calls."""

    help = "Make the account demo with keys, money and a month of invented calls; its password is printed once."

    def handle(
        self,
        seed: Annotated[int, Option(help="Another number makes another month.")] = 7,
        calls: Annotated[int, Option(min=1, max=100_000, help="How many calls.")] = CALLS,
        again: Annotated[bool, Option("--again", help="Replace the demo account and all that is its own.")] = False,
        as_json: Annotated[bool, Option("--json", help="Print what was made as JSON.")] = False,
    ) -> None:
        """Exit with status 1 if there is a demo account and --again is not given."""
        call_command("migrate", verbosity=0, interactive=False)
        try:
            with Progress(transient=True, disable=as_json) as bar:
                task = bar.add_task("Booking calls", total=calls)
                made = demo.fill(
                    seed=seed,
                    now=timezone.now(),
                    calls=calls,
                    again=again,
                    progress=lambda done: bar.advance(task, done),
                )
        except demo.DemoExists as error:
            self.secho("There is a demo account already. --again replaces it and all that is its own.", err=True)
            raise Exit(1) from error
        if as_json:
            usd = {"paid_usd": plain(made.paid), "free_usd": plain(made.free)}
            facts = {name: value for name, value in asdict(made).items() if name not in {"paid", "free"}}
            self.echo(json.dumps(facts | usd, indent=2))
            return
        self.echo(
            f"{made.calls:,} calls and {made.errors:,} errors for ${plain(made.paid)}; ${plain(made.free)} is left."
        )
        self.echo(f"Sign in as {made.username}{' (administrator)' if made.administrator else ''} with this password:")
        self.echo(made.password)
