"""Administrators: who stands above whom, who may act on whom, and what they may hand on.

Whoever may do everything stands above whoever may enter the administration, and they above everybody else. It is asked
of the database under a lock: of two administrators who act on each other at once, the second is none any more.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.services import ADMINISTRATORS, AccountGone

COMMAND_LINE = "(command line)"  # who acts where nobody is signed in; no account can be called so
CHANGE, DELETE = "accounts.change_user", "accounts.delete_user"


class NotAllowed(Exception):
    """Who acts does not stand above whom they would act on, or may not change accounts at all."""


class Rank(IntEnum):
    """How high an account stands."""

    ACCOUNT = 0
    STAFF = 1  # may enter the administration, and do there what its permissions name
    ADMINISTRATOR = 2  # may do everything


def rank(user: User) -> Rank:
    """Return how high an account stands; who lost only the door of the administration stands no lower for it."""
    if user.is_superuser:
        return Rank.ADMINISTRATOR
    return Rank.STAFF if user.is_staff else Rank.ACCOUNT


def may_act(actor: User, target: User) -> bool:
    """Return whether `actor` may act on somebody else: administrators on everyone, staff on who is no staff.

    Nobody acts on themselves: their own pages ask for what they must.
    """
    if actor.pk == target.pk or not (actor.is_active and actor.is_staff):
        return False
    return actor.is_superuser or rank(actor) > rank(target)


def authorize(actor: User | None, target: User, *, permission: str = CHANGE, itself: bool = False) -> User:
    """Return `target` as it is now; it, `actor` and all administrators are locked until the transaction ends.

    `actor` is None at the command line, which may do everything. With `itself` an administrator may act on their own
    account. Raises NotAllowed, and AccountGone where the target was deleted a moment ago.
    """
    concerned = Q(pk=target.pk) | Q(pk=actor.pk if actor else None)
    # in one order, always: those who lock the administrators afterwards hold them already
    locked = User.objects.select_for_update().filter(ADMINISTRATORS | concerned).order_by("pk")
    found = {user.pk: user for user in locked}
    if target.pk not in found:
        raise AccountGone(target.pk)
    now = found[target.pk]
    if actor is None:
        return now
    by = found.get(actor.pk)
    if by is None or not by.has_perm(permission):
        raise NotAllowed
    own = itself and by.pk == now.pk and by.is_superuser and by.is_staff
    if not own and not may_act(by, now):
        raise NotAllowed
    return now


def active() -> QuerySet[User]:
    """Return the administrators who are told what concerns the installation."""
    return User.objects.filter(ADMINISTRATORS).order_by("pk")


def grantable(actor: User) -> QuerySet[Permission]:
    """Return the permissions that `actor` may give and take: those they hold themselves."""
    every = Permission.objects.select_related("content_type").order_by("content_type__app_label", "codename")
    if actor.is_superuser:
        return every
    return every.filter(Q(user=actor) | Q(group__user=actor)).distinct()


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account may do, in the words that the event of a change has."""

    staff: bool = False
    superuser: bool = False
    group: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)


def rights(user: User) -> Rights:
    """Return what an account may do, as stored."""
    now = User.objects.select_related("group").get(pk=user.pk)
    given = now.user_permissions.values_list("content_type__app_label", "codename")
    names = frozenset(f"{label}.{codename}" for label, codename in given)
    return Rights(now.is_staff, now.is_superuser, now.group.name, names)


def difference(before: Rights, after: Rights) -> str:
    """Return what changed, before and after ("staff: no → yes; permissions: + wallet.view_wallet"); empty if nothing.

    In the words of the database, not of a language: its reader may have another than who did it.
    """
    said = [
        f"{name}: {_word(old)} → {_word(new)}"
        for name, old, new in (
            ("staff", before.staff, after.staff),
            ("superuser", before.superuser, after.superuser),
            ("group", before.group, after.group),
        )
        if old != new
    ]
    given, taken = after.permissions - before.permissions, before.permissions - after.permissions
    if given or taken:
        moved = [*(f"+ {name}" for name in sorted(given)), *(f"- {name}" for name in sorted(taken))]
        said.append(f"permissions: {', '.join(moved)}")
    return "; ".join(said)


def _word(value: bool | str) -> str:  # noqa: FBT001 (what is shown)
    return value or "none" if isinstance(value, str) else ("yes" if value else "no")
