"""Credit a wallet, show its ledger, verify all of them."""

import json
import uuid
from typing import Annotated

from django_typer.management import command
from typer import Argument, BadParameter, Exit, Option

from accounts.models import User
from common import money
from common.commands import ConsoleCommand
from wallet import ledger, verify
from wallet.models import LedgerEntry

Username = Annotated[str, Argument(help="Name of the account.", metavar="USER")]
AsJson = Annotated[bool, Option("--json", help="Print as JSON.")]


def usd(text: str) -> int:
    """Return nano-USD. Raises BadParameter for what cannot be credited."""
    try:
        amount = money.from_usd(text)
    except ValueError as error:
        raise BadParameter(f"{error}.") from error
    if amount <= 0:
        raise BadParameter("A credit is above zero.")
    return amount


class Command(ConsoleCommand):
    """Wallets: what accounts pay from."""

    help = "Credit a wallet, show its ledger, verify that all books add up."

    @command()
    def credit(
        self,
        user: Username,
        amount: Annotated[int, Argument(parser=usd, metavar="USD", help="For example 25 or 0.50.")],
        note: Annotated[str, Option(help="Why; its owner reads it in the ledger.")] = "",
        reference: Annotated[
            str, Option(help="A name of the credit: given again with the same one, nothing happens.")
        ] = "",
        as_json: AsJson = False,
    ) -> None:
        """Add money to a wallet; what it owes is paid back first."""
        account = self._account(user)
        reference = reference or f"command-{uuid.uuid4().hex}"
        try:
            ledger.open_wallet(account.pk)
            booked = ledger.credit(account.pk, amount, reference=reference, note=note)
        except ledger.InvalidEntry as error:
            raise self._refusal(str(error)) from error
        now = ledger.balance(account.pk)
        if as_json:
            self.echo(json.dumps({"booked": booked, "reference": reference, **_facts(now)}, indent=2))
        elif booked:
            self.echo(f"Credited {money.plain(amount)} USD to {account}. Balance: {money.plain(now.free)} USD.")
        else:
            self.echo(f"Nothing happened: a credit named {reference!r} is in the ledger already.")

    @command(name="ledger")
    def show(
        self,
        user: Username,
        limit: Annotated[int, Option(min=1, max=10_000, help="How many entries.")] = 50,
        as_json: AsJson = False,
    ) -> None:
        """Show the newest entries of a wallet's ledger, newest first."""
        account = self._account(user)
        entries = [_row(entry) for entry in LedgerEntry.objects.filter(wallet_id=account.pk).order_by("-pk")[:limit]]
        now = ledger.balance(account.pk)
        if as_json:
            self.echo(json.dumps({**_facts(now), "items": entries}, indent=2))
            return
        for entry in reversed(entries):
            self.echo("{created_at}  {kind:6}  {amount_usd:>18}  {reference}  {note}".format(**entry).rstrip())
        self.echo(
            f"Balance {money.plain(now.free)} USD, held {money.plain(now.held)}, total {money.plain(now.total)},"
            f" owed {money.plain(now.owed)}."
        )

    @command(name="verify")
    def compare(self, as_json: AsJson = False) -> None:
        """Compare wallets, holds, budgets, ledger, call log and roll-up; end with status 1 if any disagree."""
        found = verify.check()
        if as_json:
            self.echo(
                json.dumps(
                    [{"user_id": m.user_id, "book": m.book, "expected": m.expected, "found": m.found} for m in found],
                    indent=2,
                )
            )
        for mismatch in () if as_json else found:
            self.secho(str(mismatch), fg="red", err=True)
        if found:
            raise Exit(1)
        if not as_json:
            self.secho("All books add up.", fg="green")

    def _account(self, name: str) -> User:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise self._refusal(f"There is no account named {name!r}.")
        return user

    def _refusal(self, words: str) -> Exit:
        self.secho(words, fg="red", err=True)
        return Exit(1)


def _facts(now: ledger.Balance) -> dict[str, str]:
    return {
        "balance_usd": money.plain(now.free),
        "held_usd": money.plain(now.held),
        "total_usd": money.plain(now.total),
        "owed_usd": money.plain(now.owed),
        "credit_limit_usd": money.plain(now.credit_limit),
    }


def _row(entry: LedgerEntry) -> dict[str, str | int]:
    return {
        "id": entry.pk,
        "created_at": entry.created_at.isoformat(timespec="seconds"),
        "kind": entry.kind,
        "amount_usd": money.plain(entry.amount),
        "reference": entry.reference,
        "note": entry.note,
    }
