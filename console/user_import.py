"""Many accounts at once: the whole file is judged first, then made in batches, each account whole."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from accounts import holds, reset_links, services
from accounts.models import Group, User
from console import accounts
from console.user_file import Fault, Row

BATCH = 50  # accounts in a transaction, a few milliseconds each with their mails: calls wait for it on SQLite
GAP = 0.12  # seconds: whoever waits for SQLite's lock looks every tenth of a second


@dataclass(slots=True)
class Plan:
    """What becomes of the rows of a file: accounts to make, those that exist already, and what will not do."""

    new: list[Row] = field(default_factory=list)
    existing: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def credit(self) -> int:
        """Return what the new accounts are given in all, in nano-USD."""
        return sum(row.credit for row in self.new)


def plan(rows: Sequence[Row]) -> Plan:
    """Return what would become of rows. One whose name and address an account has already is left alone."""
    made = Plan()
    groups = set(Group.objects.values_list("name", flat=True))
    held = holds.held_among(row.username for row in rows)
    names, emails = _taken()
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        name, email = row.username.lower(), row.email.lower()
        faults = [
            Fault(row.line, column, f"Line {seen[column, value]} has it already.")
            for column, value in (("username", name), ("email", email))
            if (column, value) in seen
        ]
        seen.setdefault(("username", name), row.line)
        seen.setdefault(("email", email), row.line)
        if row.group and row.group not in groups:
            faults.append(Fault(row.line, "group", f"There is no group {row.group}."))
        if names.get(name) == email and email:
            made.existing += [] if faults else [row]
        else:
            if name in names or row.username in held:
                faults.append(Fault(row.line, "username", "This username is taken."))
            if email in emails:
                faults.append(Fault(row.line, "email", "This address has an account already."))
            made.new += [] if faults else [row]
        made.faults += faults
    return made


def carry_out(planned: Plan, *, mail: bool = True, progress: Callable[[int], None] = lambda _: None) -> list[User]:
    """Make the accounts of a plan without faults, with wallet and credit, and mail each a link to its first password.

    Each has all of that or is not there, also where the run is cut off; run again, a file makes the rest. `progress` is
    told how many more are there. Raises accounts.services.TakenMeanwhile; the batches before stay made then.
    """
    made: list[User] = []
    for start in range(0, len(planned.new), BATCH):
        if start and connection.vendor == "sqlite":
            time.sleep(GAP)
        made += _make(planned.new[start : start + BATCH], mail=mail)
        progress(len(made) - start)
    return made


@transaction.atomic
def _make(rows: Sequence[Row], *, mail: bool) -> list[User]:
    groups = {group.name: group for group in Group.objects.all()}
    default = services.default_group()
    drafts = [
        User(
            username=row.username,
            email=row.email,
            group=groups[row.group] if row.group else default,
            is_staff=row.staff,
            is_superuser=row.staff,
            language=row.language,
        )
        for row in rows
    ]
    made = services.create_many(drafts)
    for row, user in zip(rows, made, strict=True):
        accounts.opened(user, row.credit)
        if mail:
            reset_links.welcome(user)
    return made


def _taken() -> tuple[dict[str, str], set[str]]:
    """Return the address of each account by its name, and all addresses, in lower case."""
    pairs = User.objects.values_list("username", "email").iterator()
    names = {name.lower(): email.lower() for name, email in pairs}
    return names, set(names.values()) - {""}
