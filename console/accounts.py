"""Accounts as a whole: who signs in, and the wallet that pays."""

from django.db import transaction

from accounts import services as accounts
from accounts.models import Group, User
from wallet import ledger


@transaction.atomic
def open_account(  # noqa: PLR0913 (an account is all of this at once)
    *,
    username: str,
    email: str,
    password: str | None,
    staff: bool = False,
    group: Group | None = None,
    credit: int = 0,
    reference: str | None = None,
) -> User:
    """Make an account with its wallet and `credit` nano-USD in it, all or nothing.

    Raises accounts.services.NameTaken, EmailTaken, and django.core.exceptions.ValidationError.
    """
    user = accounts.create(username=username, email=email, password=password, staff=staff, group=group)
    opened(user, credit, reference=reference)
    return user


@transaction.atomic
def opened(user: User, credit: int, *, reference: str | None = None) -> None:
    """Give a new account its wallet, and its credit once: the ledger knows it by `reference`."""
    ledger.open_wallet(user.pk)
    if credit:
        ledger.credit(user.pk, credit, kind=ledger.Kind.START, reference=reference or f"start:{user.pk}")
