"""Make, look at, disable and delete accounts."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import override
from django_typer.management import command
from rich.console import Console
from rich.progress import Progress
from typer import Argument, Exit, Option, confirm

from accounts import invites, policy
from accounts import services as accounts
from accounts.models import Group, User
from common import money
from common.commands import ConsoleCommand
from console import user_facts, user_file, user_import
from console.accounts import open_account
from console.user_options import AsJson, Name, Reason, reason, until, usd
from security import links, resets
from wallet import ledger

SHOWN = 100  # faults of a file


class Command(ConsoleCommand):
    """Accounts: who signs in, and what pays for them."""

    help = "Make, invite, import, list, show, disable, enable, reset and delete accounts."

    @command()
    def create(
        self,
        name: Name,
        email: Annotated[str, Option(help="Address for mails; it counts as verified.")],
        staff: Annotated[bool, Option("--staff", help="An administrator: may do everything.")] = False,
        group: Annotated[str, Option(help="Group; else the default one.")] = "",
        credit: Annotated[int, Option(parser=usd, metavar="USD", help="Credit to start with.")] = 0,
        password_stdin: Annotated[
            bool,
            Option("--password-stdin", help="Read the password from standard input; without one a reset is needed."),
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make an account with its wallet."""
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
        if password == "":
            self._refuse("Standard input holds no password.", status=2)
        chosen = self._group(group)
        try:
            with override("en"):
                user = open_account(
                    username=name, email=email, password=password, staff=staff, group=chosen, credit=credit
                )
        except accounts.NameTaken as error:
            self._refuse(f"The username {name} is taken.", cause=error)
        except accounts.EmailTaken as error:
            self._refuse(f"The address {email} has an account already.", cause=error)
        except ValidationError as error:
            self._refuse(" ".join(error.messages), cause=error, status=2)
        self.tell(user_facts.brief(user), [f"{user.username} has an account."], as_json=as_json)

    @command()
    def invite(
        self,
        email: Annotated[str, Argument(help="Address to which the link is mailed.")],
        group: Annotated[str, Option(help="Group of the account; else the default one.")] = "",
        credit: Annotated[int, Option(parser=usd, metavar="USD", help="Credit of the account.")] = 0,
        expires: Annotated[
            datetime | None, Option(parser=until, metavar="WHEN", help="7d, 12h, 2w or a date; else 7 days.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Mail a link that makes one account; it works once, wherever sign-up is not closed."""
        chosen = self._group(group)
        try:
            with override("en"):
                made = invites.invite(email, group=chosen, credit=credit, expires=expires)
        except accounts.EmailTaken as error:
            self._refuse(f"The address {email} has an account already.", cause=error)
        except ValidationError as error:
            self._refuse(" ".join(error.messages), cause=error, status=2)
        ends = made.expires_at.isoformat(timespec="minutes")
        facts = {"email": made.email, "group": made.group.name, "credit_usd": money.plain(credit), "expires_at": ends}
        self.tell(facts, [f"A link for {made.email} is on its way, until {ends}."], as_json=as_json)
        if policy.mode() == policy.Mode.CLOSED:
            self.secho("Sign-up is closed: the link opens nothing until it is not.", fg="yellow", err=True)

    @command(name="list")
    def show_all(
        self,
        part: Annotated[str, Argument(help="Only names and addresses with this in them.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """List accounts by name."""
        found = User.objects.filter(Q(username__icontains=part) | Q(email__icontains=part))
        users = found.select_related("group").order_by("username")
        self.tell([user_facts.brief(user) for user in users], map(user_facts.line, users), as_json=as_json)

    @command()
    def show(self, name: Name, as_json: AsJson = False) -> None:
        """Show one account: group, credentials, sessions and balance, and no secret."""
        facts = user_facts.whole(self._find(name))
        self.tell(facts, user_facts.lines(facts), as_json=as_json)

    @command()
    def disable(self, name: Name, reason: Reason = "") -> None:
        """Shut an account out: sessions end at once, keys within a second; its owner is told."""
        try:
            resets.disable(None, self._find(name), reason)
        except accounts.LastAdministrator as error:
            self._refuse(f"{name} is the last administrator.", cause=error)
        self.echo(f"{name} is disabled.")

    @command()
    def enable(self, name: Name, reason: Reason = "") -> None:
        """Let an account in again, with a clean record of wrong passwords; its owner is told."""
        user = self._find(name)
        if not resets.enable(None, user, reason):
            accounts.enable(user)  # the record is cleaned all the same
        self.echo(f"{name} is enabled.")

    @command(name="reset-mfa")
    def reset_mfa(
        self, name: Name, reason: Annotated[str, Option(parser=reason, metavar="TEXT", help="Why; its owner reads it.")]
    ) -> None:
        """Remove authenticator app and recovery codes; sessions end, passkeys stay, and its owner is told."""
        done = resets.reset_two_factor(None, self._find(name), reason)
        self.echo(f"{name} has no second factor any more." if done else f"{name} had no authenticator app.")

    @command(name="import")
    def import_file(
        self,
        file: Annotated[
            Path, Argument(exists=True, dir_okay=False, readable=True, help="CSV: username, email and more.")
        ],
        dry_run: Annotated[bool, Option("--dry-run", help="Judge the file and make nothing.")] = False,
        no_mail: Annotated[bool, Option("--no-mail", help="Mail nobody a link to a first password.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make the accounts of a file, if it has no fault; who has an account already is left alone.

        A run that was cut off is begun again.

        The first line names the columns: username, email, and any of group, credit (USD), staff (yes or no), language.
        """
        with override("en"):
            rows, faults = user_file.read(file)
            planned = user_import.plan(rows)
        planned.faults = sorted([*faults, *planned.faults], key=lambda fault: fault.line)
        facts = {**user_facts.of_plan(planned), "mailed": 0 if no_mail else len(planned.new), "dry_run": dry_run}
        if planned.faults:
            self._refuse_file(planned.faults, facts if as_json else None)
        if not dry_run:
            self._carry_out(planned, mail=not no_mail, quiet=as_json)
        self.tell(facts, [user_facts.sentence(facts)], as_json=as_json)

    def _carry_out(self, planned: user_import.Plan, *, mail: bool, quiet: bool) -> None:
        with Progress(transient=True, disable=quiet, console=Console(stderr=True)) as bar:
            task = bar.add_task("Accounts", total=len(planned.new))
            try:
                user_import.carry_out(planned, mail=mail, progress=lambda more: bar.advance(task, more))
            except accounts.TakenMeanwhile as error:
                self._refuse("Somebody took one of the names or addresses a moment ago. Run it again.", cause=error)

    def _refuse_file(self, faults: list[user_file.Fault], facts: dict[str, object] | None) -> NoReturn:
        if facts is not None:
            self.echo(json.dumps({**facts, "created": 0, "mailed": 0, "credit_usd": "0.00"}, indent=2))
        for fault in faults[:SHOWN]:
            self.secho(str(fault), fg="red", err=True)
        self._refuse(f"{len(faults)} faults; nothing was made.", status=2)

    @command()
    def link(self, name: Name, as_json: AsJson = False) -> None:
        """Print a link that signs an account in once, for whoever can get in no other way; its owner is told."""
        try:
            url = links.make(self._find(name))
        except links.Disabled as error:
            self._refuse(f"{name} is disabled: nothing signs in.", cause=error)
        ends = timezone.now() + links.LIFETIME
        facts = {"url": url, "expires_at": ends.isoformat(timespec="seconds")}
        self.tell(facts, [url, "It works once, for 30 minutes; a second factor is still asked for."], as_json=as_json)

    @command()
    def delete(
        self, name: Name, yes: Annotated[bool, Option("--yes", help="Do not ask; the balance is lost.")] = False
    ) -> None:
        """Delete an account and everything of it, for good."""
        user = self._find(name)
        if not yes:
            balance = money.usd(ledger.balance(user.pk).total)
            confirm(f"Delete {name}, with all keys, logs and a balance of {balance}?", abort=True)
        try:
            accounts.delete(user)
        except accounts.LastAdministrator as error:
            self._refuse(f"{name} is the last administrator.", cause=error)
        self.echo(f"{name} is deleted.")

    def _find(self, name: str) -> User:
        user = User.objects.filter(username__iexact=name).select_related("group").first()
        if user is None:
            self._refuse(f"There is no user {name}.")
        return user

    def _group(self, name: str) -> Group | None:
        chosen = Group.objects.filter(name=name).first()
        if name and chosen is None:
            self._refuse(f"There is no group {name}.", status=2)
        return chosen

    def _refuse(self, sentence: str, *, cause: Exception | None = None, status: int = 1) -> NoReturn:
        self.secho(sentence, fg="red", err=True)
        raise Exit(status) from cause
