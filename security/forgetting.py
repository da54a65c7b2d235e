"""What this room holds of an account beyond the rows that hang on it: it goes with the account."""

from accounts import limits
from accounts.models import User
from security import factors, sessions, sudo
from security.models import Event

NOBODY = "(deleted)"  # an administrator who is gone, in the events of others


def forget(user: User) -> None:
    """Drop half-finished sign-ins, counts of tries, and the name in what it did to others."""
    sessions.end_unfinished(user)
    factors.forgive(user)
    for pk in user.devices.values_list("pk", flat=True):
        limits.forgive(limits.SIGN_IN_ACCOUNT, limits.browser(pk, user.password))
    for key in user.sessions.values_list("session_key", flat=True):
        limits.forgive(sudo.WRONG, sudo.counted(key))
    Event.objects.filter(actor=user.username).exclude(user=user).update(actor=NOBODY)
