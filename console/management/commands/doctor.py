"""Examine the installation."""

import json
from dataclasses import asdict
from typing import Annotated

from typer import Exit, Option

from common.commands import ConsoleCommand
from console import doctor

COLORS = {doctor.OK: "green", doctor.LOOK: "yellow", doctor.BROKEN: "red"}


class Command(ConsoleCommand):
    """Say what works, what deserves a look and what is broken."""

    help = "Examine the installation and say what works, what deserves a look and what is broken."
    requires_system_checks = []  # the examination runs them itself and explains them

    def handle(self, as_json: Annotated[bool, Option("--json", help="Print the findings as JSON.")] = False) -> None:
        """Exit with status 1 if something is broken."""
        findings = doctor.examine()
        if as_json:
            self.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            for finding in findings:
                self.secho(f"{finding.state:<7}", fg=COLORS[finding.state], nl=False)
                self.echo(f"{finding.subject}: {finding.words}")
        if any(finding.state == doctor.BROKEN for finding in findings):
            raise Exit(1)
