"""List identity providers, and let one move house."""

from typing import Annotated, NoReturn

from allauth.socialaccount.models import SocialAccount
from django.db.models import Count
from django_typer.management import command
from typer import Argument, Exit, Option, confirm

from accounts import providers
from accounts.providers import Provider
from common.commands import ConsoleCommand

AsJson = Annotated[bool, Option("--json", help="Print as JSON.")]


class Command(ConsoleCommand):
    """Identity providers: who else vouches for people."""

    help = "List identity providers, and let one move house."

    @command(name="list")
    def show_all(self, as_json: AsJson = False) -> None:
        """List the providers that are set up, and how many accounts are bound at each."""
        bound = dict(SocialAccount.objects.values_list("provider").annotate(Count("pk")))
        moved = {provider.id for provider in providers.displaced()}
        rows = [
            _facts(provider, bound.get(provider.id, 0), on=provider.id not in moved) for provider in providers.set_up()
        ]
        self.tell(rows, map(_line, rows), as_json=as_json)

    @command()
    def move(
        self,
        provider_id: Annotated[str, Argument(metavar="ID", help="Its id.")],
        yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Let an id belong to the issuer that is set up for it now, and with it the accounts that are bound.

        Only for a provider that moved house and kept its people: anybody else's would be let into their accounts.
        """
        found = next((provider for provider in providers.set_up() if provider.id == provider_id), None)
        if found is None:
            self._refuse(f"No provider {provider_id} is set up.")
        before = providers.issuer(provider_id)
        if before in {None, found.url}:
            self._refuse(f"{provider_id} is at {found.url} already.")
        if not yes:
            confirm(f"Has {before} moved to {found.url}, with the same people under the same ids?", abort=True)
        providers.move(provider_id, found.url)
        self.echo(f"{provider_id} is at {found.url} now.")

    def _refuse(self, sentence: str) -> NoReturn:
        self.secho(sentence, fg="red", err=True)
        raise Exit(1)


def _line(row: dict[str, object]) -> str:
    """Return a provider for people."""
    off = "" if row["on"] else "  off: the accounts are bound at another issuer"
    return f"{row['id']}  {row['issuer']}  {row['accounts']} accounts{off}"


def _facts(provider: Provider, bound: int, *, on: bool) -> dict[str, object]:
    """Return a provider for programs; never its secret."""
    return {
        "id": provider.id,
        "name": provider.name,
        "issuer": provider.url,
        "accounts": bound,
        "on": on,
        "only": provider.only,
        "domains": list(provider.domains),
    }
