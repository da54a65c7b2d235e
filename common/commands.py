"""What the commands of manage.py share: status 0, 1 where something failed, 2 where it was asked for wrongly."""

import json
from collections.abc import Iterable
from types import TracebackType

from django.db import OperationalError
from django_typer.management import TyperCommand
from typer import BadParameter, Exit

UsageError = BadParameter.__bases__[0]  # typer carries its own copy of click, under a private name


class ConsoleCommand(TyperCommand):
    """A command that ends with a sentence: status 2 on a usage error, 1 where the database cannot be used."""

    def tell(self, facts: object, lines: Iterable[str], *, as_json: bool) -> None:
        """Print facts as JSON for a program, or the lines that say the same to a person."""
        for line in [json.dumps(facts, indent=2)] if as_json else lines:
            self.echo(line)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        if getattr(self, "_called_from_command_line", False):
            if isinstance(exc_val, UsageError):
                self.stderr.write(f"{exc_val} Try --help.")
                exc_val = Exit(2)
            elif isinstance(exc_val, OperationalError):
                self.stderr.write(f"The database cannot be used: {exc_val}".strip())
                exc_val = Exit(1)
        outcome: bool | None = super().__exit__(exc_type, exc_val, exc_tb)  # type: ignore[no-untyped-call]
        return outcome
