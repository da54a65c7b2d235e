"""The methods of an account: which there are, which of them tell of an event, and how each of them fared last."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from notifications.models import Method

Kind = Method.Kind


def of(user: User) -> Sequence[Method]:
    """Return one method of each kind; those that were never saved stand at their defaults and have no pk."""
    stored = {method.kind: method for method in Method.objects.filter(user=user)}
    return [stored.get(kind) or default(user, kind) for kind in Kind]


def one(user: User, kind: str) -> Method:
    """Return the method of a kind, at its defaults where it was never saved."""
    return stored(user.pk, kind) or default(user, kind)


def stored(user_id: int, kind: str) -> Method | None:
    """Return the method of a kind as its owner has saved it, None where they never did."""
    return Method.objects.filter(user_id=user_id, kind=kind).first()


def default(user: User, kind: str) -> Method:
    """Return a method as it is before its owner has saved it: mail on, all others off."""
    return Method(user=user, kind=kind, enabled=kind == Kind.EMAIL)


def telling(user: User, event: str) -> Sequence[Method]:
    """Return the methods that tell an account of an event, mail among them where it has an address to go to."""
    return [method for method in of(user) if tells(method, event)]


def tells(method: Method, event: str) -> bool:
    """Return whether a method is on and its owner has not switched the event off."""
    return method.enabled and event not in method.muted and (method.kind != Kind.EMAIL or bool(address(method)))


def address(method: Method) -> str:
    """Return where mail goes: to the verified address of its own, else to the account's."""
    return method.target or method.user.email


def leads(method: Method) -> bool:
    """Return whether a method leads anywhere."""
    return bool(address(method) if method.kind == Kind.EMAIL else method.target)


def note(user_id: int, kind: str, *, ok: bool, result: str, at: datetime) -> None:
    """Write down how the last message of a method fared; nothing happens where the account is gone."""
    outcome = {"last_ok": ok, "last_result": result[:300], "last_at": at}
    if Method.objects.filter(user_id=user_id, kind=kind).update(**outcome) or kind != Kind.EMAIL:
        return
    try:
        with transaction.atomic():  # mail is on without a row of its own
            Method.objects.create(user_id=user_id, kind=kind, enabled=True, **outcome)
    except IntegrityError:  # the account went, or its owner saved the method at the same moment
        return
