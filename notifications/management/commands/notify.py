"""Try a person's methods, and send what is due."""

import json
from typing import Annotated

from django_typer.management import command
from typer import Argument, BadParameter, Exit, Option

from accounts.models import User
from common.commands import ConsoleCommand
from notifications import courier, history, methods, outbox, trial
from notifications.models import Delivery, Method

AsJson = Annotated[bool, Option("--json", help="Print as JSON.")]
KINDS = [str(kind) for kind in Method.Kind]


def kind_of(text: str) -> str:
    """Return the kind of a method. Raises BadParameter."""
    if text not in KINDS:
        raise BadParameter(f"There is no method {text!r}. There are: {', '.join(KINDS)}.")
    return text


class Command(ConsoleCommand):
    """Notifications: whether they arrive."""

    help = "Send a test by a person's methods, or send everything that is due."

    @command()
    def test(
        self,
        user: Annotated[str, Argument(help="Name of the account.", metavar="USER")],
        method: Annotated[
            str | None, Option(parser=kind_of, help=f"One of {', '.join(KINDS)}; without it every method that is on.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Send a test and wait for what becomes of it; end with status 1 where one did not arrive."""
        account = self._account(user)
        usable = [one for one in methods.of(account) if methods.leads(one) and (one.enabled or one.kind == method)]
        chosen = [one for one in usable if method in {None, one.kind}]
        if not chosen:
            self.secho(f"{account} has no such method that leads anywhere.", fg="red", err=True)
            raise Exit(1)
        results = [self._tried(account, str(one.kind)) for one in chosen]
        if as_json:
            self.echo(json.dumps(results, indent=2))
        else:
            for result in results:
                self.echo("{method}: {state}: {result}".format(**result))
        if any(result["state"] != Delivery.State.DONE for result in results):
            raise Exit(1)

    @command()
    def deliver(
        self,
        limit: Annotated[int, Option(min=1, max=100_000, help="How many at most.")] = 1000,
        as_json: AsJson = False,
    ) -> None:
        """Send what is due, as the worker does."""
        sent, waiting = courier.deliver_due(limit), outbox.waiting()
        if as_json:
            self.echo(json.dumps({"sent": sent, "waiting": waiting}))
        else:
            self.echo(f"{sent} sent, {waiting} waiting.")

    def _tried(self, account: User, kind: str) -> dict[str, str]:
        """Send one test at once, unless a worker has it already; return what is known of it then."""
        queued = trial.send(account, kind, limited=False)
        for row in outbox.claim_one(queued):
            courier.deliver(row)
        now = history.one(account, queued.pk)
        return {"method": kind, "state": now.state if now else "gone", "result": now.result if now else ""}

    def _account(self, username: str) -> User:
        account = User.objects.filter(username=username).first()
        if account is None:
            self.secho(f"There is no account named {username!r}.", fg="red", err=True)
            raise Exit(1)
        return account
