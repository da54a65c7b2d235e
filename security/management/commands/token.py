"""Make, list and revoke system access tokens."""

import json
from datetime import timedelta
from typing import Annotated

from django.core.management import CommandError
from django.utils import timezone
from django.utils.translation import override
from django_typer.management import command
from rich.console import Console
from rich.table import Table
from typer import Argument, Option

from accounts.administrators import COMMAND_LINE
from accounts.models import User
from common.commands import ConsoleCommand
from common.when import clock
from security import resets, tokens
from security.models import AccessToken

Username = Annotated[str, Argument(help="Name of the account.", metavar="USER")]
AsJson = Annotated[bool, Option("--json", help="Print JSON.")]
ALL = ",".join(AccessToken.Scope.values)


class Command(ConsoleCommand):
    """Make, list and revoke system access tokens."""

    help = "Make, list and revoke system access tokens, which open /api."

    @command()
    def create(
        self,
        user: Username,
        name: Annotated[str, Option(help="Name of the token.")] = tokens.DEFAULT,
        scopes: Annotated[str, Option(help="With commas between.")] = ALL,
        days: Annotated[
            int, Option(help="How long it is good.", min=1, max=tokens.LONGEST_LIFE.days)
        ] = tokens.LIFE.days,
        as_json: AsJson = False,
    ) -> None:
        """Make a token and print its secret, this one time."""
        asked = [scope.strip() for scope in scopes.split(",")]
        ends = timezone.now() + timedelta(days=days)
        try:
            with override("en"):
                _, secret = tokens.make(_account(user), name=name, scopes=asked, expires_at=ends, actor=COMMAND_LINE)
        except tokens.TokenRefused as refusal:
            wrong = isinstance(refusal, tokens.InvalidName | tokens.InvalidScopes | tokens.InvalidExpiry)
            raise CommandError(str(refusal), returncode=2 if wrong else 1) from refusal
        self.echo(json.dumps({"token": secret}) if as_json else secret)

    @command("list")
    def show(self, user: Username, as_json: AsJson = False) -> None:
        """List the tokens of an account, without their secrets."""
        owned = list(_account(user).access_tokens.order_by("-created_at", "-pk"))
        if as_json:
            self.echo(json.dumps([_json(token) for token in owned], indent=2))
            return
        table = Table("Name", "Token", "Scopes", "Last used", "Expires")
        for token in owned:
            used = clock(token.last_used_at) if token.last_used_at else "never"
            table.add_row(token.name, token.hint, ",".join(token.scopes), used, clock(token.expires_at))
        console = Console()
        with console.capture() as printed:
            console.print(table)
        self.echo(printed.get())

    @command()
    def revoke(
        self,
        user: Username,
        name: Annotated[str, Argument(help="Name of the token.")] = tokens.DEFAULT,
        reason: Annotated[str, Option(help="Why; its owner reads it.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Remove a token: calls with it are refused at once, and its owner is told."""
        token = _account(user).access_tokens.filter(name=name).first()
        if token is None or not resets.revoke_token(None, token, reason):
            raise CommandError(f"{user} has no access token called {name!r}.")
        self.echo(json.dumps({"revoked": name}) if as_json else f"Revoked {name}.")


def _account(username: str) -> User:
    try:
        return User.objects.get(username__iexact=username)
    except User.DoesNotExist as missing:
        raise CommandError(f"No account is called {username!r}.") from missing


def _json(token: AccessToken) -> dict[str, object]:
    return {
        "id": token.pk,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
    }
