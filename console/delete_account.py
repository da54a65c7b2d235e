"""What goes with an account beyond its rows: traces in other rooms, files, and the bytes that the database keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise

from accounts import limits
from accounts import services as accounts
from accounts.models import User
from common import wal
from console import archive, erase, export
from notifications import services as notifications
from security import forgetting
from security import policy as security
from wallet import ledger

NAMELESS = "(deleted)"  # in the log of administration


@dataclass(frozen=True, slots=True)
class Loss:
    """What an account loses with itself: rows by what they are called, none of them zero, and money in nano-USD."""

    rows: Sequence[tuple[str | Promise, int]]
    money: int
    owed: int


def loss(user: User) -> Loss:
    """Return what goes with an account."""
    counted = [(table.label, table.count()) for table in archive.tables(user) if table.label]
    balance = ledger.balance(user.pk)
    return Loss([(label, count) for label, count in counted if count], balance.total, balance.owed)


def allowed() -> bool:
    """Return whether the operator lets people delete their own account."""
    return security.self_deletion()


def forget(user: User) -> None:
    """Drop what is held of an account elsewhere, in the transaction of its deletion; files go once it is committed."""
    pk, known = user.pk, accounts.addresses(user)
    forgetting.forget(user)
    notifications.forget(known)
    for rule in (export.LIMIT, erase.LIMIT):
        limits.forgive(rule, limits.account(pk))
    told = Q(object_repr__in={user.username, user.email}) | Q(
        content_type__app_label__in=("accounts", "wallet"),
        content_type__model__in=("user", "wallet"),
        object_id=str(pk),
    )
    LogEntry.objects.filter(told).update(object_repr=NAMELESS)
    # not undone by a rollback, and each of them must not keep the others from happening
    transaction.on_commit(lambda: export.discard(pk), robust=True)
    transaction.on_commit(lambda: notifications.forget_files(known), robust=True)
    transaction.on_commit(wal.fold, robust=True)
