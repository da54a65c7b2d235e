"""The security events of an account: an append-only list, and a mail to the owner where credentials changed.

No secret and no address is ever written: `detail` is the name of what changed, `reason` what an administrator gave.
"""

from datetime import datetime

from django.db import transaction

from accounts import ports
from accounts.models import User
from security.models import Event

Kind = Event.Kind
# happens all day, and changes nothing: written down, not mailed (unless an administrator did it)
QUIET = {Kind.SIGN_IN, Kind.SIGN_IN_FAILED, Kind.SIGN_OUT, Kind.SUDO, Kind.SUDO_FAILED, Kind.SESSION_ENDED}
QUIET |= {Kind.PRICING}  # the price safeguard mails its own words


@transaction.atomic
def record(user: User, kind: str, *, actor: User | str | None = None, reason: str = "", detail: str = "") -> Event:
    """Write down what happened to an account; `actor` is the administrator who did it, None where it was its owner.

    A name stands for who has no account (accounts.administrators.COMMAND_LINE). The account's owner is told by mail, in
    the same transaction, unless the kind is a quiet one.
    """
    kind, by = Kind(kind), actor if isinstance(actor, str) else ""
    if isinstance(actor, User) and actor.pk != user.pk:
        by = actor.username
    reason, detail = reason[:300], detail[:1000]
    event = Event.objects.create(user=user, kind=kind, actor=by, reason=reason, detail=detail)
    if by or kind not in QUIET:
        ports.announce(user, f"security.{kind}", {"actor": by, "reason": reason, "detail": detail})
    return event


def page(user: User, *, size: int, before: int | None = None) -> tuple[list[Event], int | None]:
    """Return events of an account, newest first, and the `before` of those that are older still, None at the end."""
    found = Event.objects.filter(user=user).order_by("-id")
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def last_at(user: User, *kinds: Kind) -> datetime | None:
    """Return when something of these kinds last happened to an account."""
    return Event.objects.filter(user=user, kind__in=kinds).order_by("-id").values_list("created_at", flat=True).first()
