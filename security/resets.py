"""What an administrator does to the credentials of somebody else: each with a reason, written down and mailed.

Who acts stands above whom they act on, which is asked under a lock (accounts.administrators). `by` is None at the
command line, which may do everything. Each verb returns whether there was anything to do, and raises NotAllowed,
accounts.services.AccountGone and ReasonMissing.
"""

from collections.abc import Callable

from django.db import transaction

from accounts import ports, reset_links, services
from accounts.administrators import COMMAND_LINE, NotAllowed, authorize
from accounts.models import User
from security import events, sessions, tokens, totp
from security.models import AccessToken, Event, Passkey

__all__ = ["NotAllowed"]  # what callers of these verbs meet

LONGEST_REASON = 300  # characters
Verb = Callable[[User | None, User, str], bool]


class ReasonMissing(ValueError):
    """An administrator has to say why."""


class Disabled(Exception):
    """Nothing that is mailed to the account would let its owner in."""


def disable(by: User | None, user: User, reason: str) -> bool:
    """Shut an account out. Raises accounts.services.LastAdministrator."""
    return _switch(by, user, reason, on=False)


def enable(by: User | None, user: User, reason: str) -> bool:
    """Let an account in again, with a clean record of tries."""
    return _switch(by, user, reason, on=True)


@transaction.atomic
def end_sessions(by: User | None, user: User, reason: str) -> bool:
    """Sign an account out everywhere."""
    return sessions.end_all(_judged(by, user, reason), actor=by or COMMAND_LINE, reason=reason) > 0


@transaction.atomic
def reset_two_factor(by: User | None, user: User, reason: str) -> bool:
    """Remove authenticator app and recovery codes, and end all sessions."""
    return totp.remove(_judged(by, user, reason), actor=by or COMMAND_LINE, reason=reason)


@transaction.atomic
def reset_passkeys(by: User | None, user: User, reason: str) -> bool:
    """Remove every passkey, the last way in too, and end all sessions: a mailed reset lets the owner in again."""
    user = _judged(by, user, reason)
    names = list(Passkey.objects.filter(user=user).order_by("pk").values_list("name", flat=True))
    if not names:
        return False
    Passkey.objects.filter(user=user).delete()
    ports.end_sessions(user, None)
    _record(by, user, Event.Kind.ADMIN_RESET, reason, detail=", ".join(names))
    return True


@transaction.atomic
def send_reset(by: User | None, user: User, reason: str) -> bool:
    """Mail a link by which the owner chooses a new password; nothing changes until then.

    Raises Disabled, accounts.reset_links.NoAddress, accounts.identities.SoleWay, accounts.limits.TooManyTries.
    """
    user = _judged(by, user, reason)
    if not user.is_active:
        raise Disabled
    reset_links.mail(user)
    _record(by, user, Event.Kind.RESET_SENT, reason)
    return True


@transaction.atomic
def revoke_token(by: User | None, token: AccessToken, reason: str) -> bool:
    """Revoke an access token of somebody else."""
    _judged(by, token.user, reason)
    return tokens.revoke(token, actor=by or COMMAND_LINE, reason=reason)


@transaction.atomic
def _switch(by: User | None, user: User, reason: str, *, on: bool) -> bool:
    user = _judged(by, user, reason)
    if user.is_active == on:
        return False
    verb, kind = (services.enable, Event.Kind.ENABLED) if on else (services.disable, Event.Kind.DISABLED)
    verb(user)
    _record(by, user, kind, reason)
    return True


def _judged(by: User | None, user: User, reason: str) -> User:
    if by is not None and not reason.strip():
        raise ReasonMissing
    return authorize(by, user)


def _record(by: User | None, user: User, kind: str, reason: str, *, detail: str = "") -> None:
    events.record(user, kind, actor=by or COMMAND_LINE, reason=reason, detail=detail)
