"""Make, list and revoke API keys."""

import json
import sys
from datetime import datetime
from typing import Annotated

from django.core.management import CommandError
from django_typer.management import command
from rich.console import Console
from rich.table import Table
from typer import Argument, BadParameter, Option

from accounts.models import User
from common import money
from common.commands import ConsoleCommand
from common.when import clock
from gateway import expiry, key_list, keys
from gateway.key_rules import KeyRefused
from gateway.models import ApiKey

Username = Annotated[str, Argument(help="Name of the account.", metavar="USER")]
Keyname = Annotated[str, Argument(help="Name of the key.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON.")]


class Command(ConsoleCommand):
    """Make, list and revoke API keys."""

    help = "Make, list and revoke API keys."

    @command()
    def create(
        self,
        user: Username,
        name: Keyname,
        limit: Annotated[str | None, Option(help="Spending limit in USD.", metavar="USD")] = None,
        period: Annotated[ApiKey.Period, Option(help="When the limit resets (UTC).")] = ApiKey.Period.MONTH,
        models: Annotated[str, Option(help="Names with commas between; without it all.")] = "",
        subnets: Annotated[str, Option(help="Addresses or networks with commas between; without it any.")] = "",
        expires: Annotated[str | None, Option(help="90d, 12h, 2w or a date; without it never.")] = None,
        secret_stdin: Annotated[
            bool, Option("--secret-stdin", help="Take over a secret of another system, read from standard input.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a key and print its secret, this one time."""
        owner = _account(user)
        rules: keys.Rules = {
            "limit": _limit(limit),
            "period": period.value,
            "allowed_models": models.split(","),
            "subnets": subnets.split(","),
            "expires_at": _moment(expires),
        }
        try:
            if secret_stdin:
                secret = sys.stdin.read().strip()
                keys.adopt(owner, name, secret, **rules)
            else:
                _, secret = keys.mint(owner, name, **rules)
        except KeyRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.echo(json.dumps({"key": secret}) if as_json else secret)

    @command("list")
    def show(self, user: Username, as_json: AsJson = False) -> None:
        """List the keys of an account, without their secrets."""
        rows = key_list.rows(_account(user))
        if as_json:
            self.echo(json.dumps([key_list.plain(row) for row in rows], indent=2))
            return
        table = Table("Name", "Key", "Status", "Spent", "Limit", "Expires")
        for row in rows:
            key = row.key
            limit = f"{money.usd(key.limit)} {key.get_period_display()}" if key.limit else "none"
            ends = clock(key.expires_at) if key.expires_at else "never"
            table.add_row(key.name, key.hint, str(row.status.label), money.small(row.spent), limit, ends)
        console = Console()
        with console.capture() as printed:
            console.print(table)
        self.echo(printed.get())

    @command()
    def revoke(self, user: Username, name: Keyname) -> None:
        """Delete a key: calls with it are refused within a second."""
        try:
            keys.delete(_account(user).api_keys.get(name=name))
        except ApiKey.DoesNotExist as missing:
            raise CommandError(f"{user} has no key called {name!r}.") from missing
        self.echo(f"Revoked {name}.")


def _account(username: str) -> User:
    try:
        return User.objects.get(username__iexact=username)
    except User.DoesNotExist as missing:
        raise CommandError(f"No account is called {username!r}.") from missing


def _limit(usd: str | None) -> int | None:
    try:
        return None if usd is None else money.from_usd(usd)
    except ValueError as error:
        raise BadParameter(str(error), param_hint="--limit") from error


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else expiry.parse(text)
    except ValueError as error:
        raise BadParameter("use 90d, 12h, 2w or a date like 2027-01-31", param_hint="--expires") from error
