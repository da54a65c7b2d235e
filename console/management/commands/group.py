"""List and change groups of accounts."""

from typing import Annotated

from django.db.models import Count
from django_typer.management import command
from typer import Argument, Exit, Option

from accounts import groups
from accounts.models import Group
from common.commands import ConsoleCommand

AsJson = Annotated[bool, Option("--json", help="Print as JSON.")]


class Command(ConsoleCommand):
    """Groups: what accounts pay and may call."""

    help = "List groups, and set what their accounts pay and may call."

    @command(name="list")
    def show_all(self, as_json: AsJson = False) -> None:
        """List groups by name."""
        rows = [_facts(group) for group in Group.objects.annotate(members=Count("users")).order_by("name")]
        self.tell(rows, map(_line, rows), as_json=as_json)

    @command(name="set")
    def change(
        self,
        name: Annotated[str, Argument(help="Name; a new one makes a new group.")],
        multiplier: Annotated[str, Option(help="Factor of list prices, such as 0.8.")] = "",
        models: Annotated[str | None, Option(help="Names, separated by commas; empty allows all.")] = None,
        max_keys: Annotated[int | None, Option(min=0, max=100_000, help="API keys an account may have.")] = None,
        rpm: Annotated[int | None, Option(min=0, max=2**31 - 1, help="Calls a minute; 0 for no limit.")] = None,
        tpm: Annotated[int | None, Option(min=0, max=2**31 - 1, help="Tokens a minute; 0 for no limit.")] = None,
        parallel: Annotated[int | None, Option(min=0, max=2**31 - 1, help="Calls at once; 0 for no limit.")] = None,
        streams: Annotated[int | None, Option(min=0, max=2**31 - 1, help="Streams at once; 0 for no limit.")] = None,
        default: Annotated[bool, Option("--default", help="Put new accounts into it.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Make a group, or change what is named and leave the rest."""
        values: dict[str, object] = {
            key: limit or None
            for key, limit in (("rpm", rpm), ("tpm", tpm), ("parallel", parallel), ("streams", streams))
            if limit is not None
        }
        if max_keys is not None:
            values["max_keys"] = max_keys
        if models is not None:
            values["allowed_models"] = [model.strip() for model in models.split(",") if model.strip()]
        try:
            if multiplier:
                values["multiplier_ppm"] = groups.multiplier(multiplier)
            group = groups.change(name, default=default, **values)
        except groups.InvalidGroup as error:
            self.secho(str(error), fg="red", err=True)
            raise Exit(2) from error
        self.tell(_facts(group), [f"{group.name} is set."], as_json=as_json)


def _line(row: dict[str, object]) -> str:
    """Return a group for people."""
    default = "  (default)" if row["default"] else ""
    return f"{row['name']}  x{row['multiplier']}  {row['users']} accounts{default}"


def _facts(group: Group) -> dict[str, object]:
    """Return a group for programs."""
    members = getattr(group, "members", None)
    return {
        "name": group.name,
        "default": group.is_default,
        **groups.policy(group),
        "users": group.users.count() if members is None else members,
    }
