"""What happens to an account: made, changed, disabled, enabled, deleted."""

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import holds, limits, names, ports
from accounts.models import Group, Invite, User
from common import retries, version


class NameTaken(ValueError):
    """Another account has this username, perhaps in other capitals, or had it less than 90 days ago."""


class EmailTaken(ValueError):
    """Another account has this e-mail address."""


class TakenMeanwhile(Exception):
    """Somebody took one of the names or addresses a moment ago."""


class LastAdministrator(Exception):
    """Nobody would be left who may do everything."""


class AccountGone(LookupError):
    """The account was deleted a moment ago."""


MANY = 500  # rows of one statement
# who may do everything: the one kind of account of which one must always be left
ADMINISTRATORS = Q(is_active=True, is_staff=True, is_superuser=True)


def default_group() -> Group:
    """Return the group of accounts for which nobody chose one."""
    return Group.objects.get_or_create(is_default=True, defaults={"name": "default"})[0]


@transaction.atomic
def create(*, username: str, email: str, password: str | None, staff: bool = False, group: Group | None = None) -> User:
    """Make an account whose address counts as verified: an operator vouches for it. `staff` may do all in admin.

    Without a password nobody can sign in until a reset was mailed. Raises NameTaken, EmailTaken, and
    django.core.exceptions.ValidationError for a name, an address or a password that is not acceptable.
    """
    email = email.lower()
    user = User(username=username, email=email, group=group or default_group(), is_staff=staff, is_superuser=staff)
    names.validate_name(username)
    names.validate_address(email)
    if holds.held(username):
        raise NameTaken(username)
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    _store(user)
    vouch(user)
    version.bump()
    return user


@transaction.atomic
def create_many(users: Sequence[User]) -> list[User]:
    """Make accounts of rows that were judged before, none of which has a password; their addresses count as verified.

    Raises TakenMeanwhile, and makes none then.
    """
    for user in users:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            made = User.objects.bulk_create(users, batch_size=MANY)
    except IntegrityError as error:
        raise TakenMeanwhile from error
    EmailAddress.objects.bulk_create(
        (EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in made), batch_size=MANY
    )
    version.bump()
    return made


@transaction.atomic
def vouch(user: User) -> None:
    """Count the account's address as verified, on an operator's word, and forget every other one."""
    EmailAddress.objects.filter(user=user).delete()
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


@transaction.atomic
def change_profile(user: User, *, username: str, language: str, timezone: str, theme: str = "") -> None:
    """Store what a person says of themselves. Raises NameTaken."""
    names.validate_name(username)
    if username.casefold() != user.username.casefold() and holds.held(username):
        raise NameTaken(username)
    user.username, user.language, user.timezone, user.theme = username, language, timezone, theme
    _store(user, "username", "language", "timezone", "theme")
    version.bump()


@transaction.atomic
def set_password(
    user: User, password: str, *, keep_session: str | None = None, event: str = "password-changed"
) -> None:
    """Change the password, end every other session, forget failed tries, and tell the owner by mail."""
    user.set_password(password)
    user.save(update_fields=["password"])
    ports.end_sessions(user, keep_session)
    limits.forgive(limits.SIGN_IN_ACCOUNT, limits.account(user.pk))
    ports.record(user, event)


@transaction.atomic
def disable(user: User) -> None:
    """Shut an account out: its sessions end now, its keys within a second on every worker.

    Raises LastAdministrator.
    """
    keep_an_administrator(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ports.end_sessions(user, None)
    version.bump()


@transaction.atomic
def enable(user: User) -> None:
    """Let an account in again, with a clean record of tries."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    limits.forgive(limits.SIGN_IN_ACCOUNT, limits.account(user.pk))
    version.bump()


def delete(user: User) -> None:
    """Remove an account and everything of it in every room, all or nothing; its name is held from others for 90 days.

    Sessions, keys and tokens are dead at once, streams are cut within seconds, files go with the commit. Raises
    LastAdministrator and AccountGone. What meets a deadlock with a request of the account begins again.
    """
    retries.retried(lambda: _delete(user))


@transaction.atomic
def _delete(user: User) -> None:
    fresh = User.objects.filter(pk=user.pk).first()  # a try that was undone may have changed what it was given
    if fresh is None:
        raise AccountGone(user.username)
    keep_an_administrator(fresh)
    remove(fresh)


@transaction.atomic
def remove(user: User) -> None:
    """Remove an account as `delete` does, whoever is left: for who makes another one in the same transaction."""
    if not User.objects.select_for_update().filter(pk=user.pk).exists():
        raise AccountGone(user.username)
    holds.hold(user.username)
    limits.forgive(limits.SIGN_IN_ACCOUNT, limits.account(user.pk))
    Invite.objects.filter(email__in=addresses(user)).delete()
    Invite.objects.filter(invited_by=user.username).update(invited_by="")
    ports.forget(user)
    user.delete()
    version.bump()


def addresses(user: User) -> set[str]:
    """Return every e-mail address that is known of an account, confirmed or not, in lower case."""
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {email.lower() for email in (user.email, *known) if email}


def keep_an_administrator(*users: User) -> None:
    """Raise LastAdministrator if nobody but `users` may do everything; call it before one of them ceases to.

    Their rows and those of all administrators are locked until the end of the transaction, so that two cannot leave at
    once, each counting on the other.
    """
    leaving = [user.pk for user in users]
    list(User.objects.select_for_update().filter(ADMINISTRATORS | Q(pk__in=leaving)).order_by("pk").values_list("pk"))
    if not spares_an_administrator(*users):
        raise LastAdministrator


def spares_an_administrator(*users: User) -> bool:
    """Return whether somebody who may do everything would be left without `users`, or none of them may."""
    administrators = set(User.objects.filter(ADMINISTRATORS).values_list("pk", flat=True))
    leaving = {user.pk for user in users}
    return not administrators & leaving or bool(administrators - leaving)


def _store(user: User, *fields: str) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=fields or None)
    except IntegrityError as error:
        others = User.objects.exclude(pk=user.pk)
        if others.filter(username__iexact=user.username).exists():
            raise NameTaken(user.username) from error
        if others.filter(email__iexact=user.email).exists():
            raise EmailTaken(user.email) from error
        raise
