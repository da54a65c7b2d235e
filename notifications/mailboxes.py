"""An address that is not the account's: mail goes there once somebody who reads it has followed a link.

The link works once. Until then mail goes where it went before.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import limits
from notifications import events, letters, mail
from notifications.models import Method
from notifications.text import Text
from notifications.transports.email import EmailTarget

LIFE = timedelta(hours=24)


class LinkInvalid(LookupError):
    """The link is unknown, older than a day, replaced by a newer one, or was followed already."""


def enter(method: Method, address: str | None) -> None:
    """Note the address that was entered for mail: empty for the account's own, None for no change; a new one is asked.

    Raises TargetRefused for what is no address, and accounts.limits.TooManyTries.
    """
    if address is None or address.strip() == (method.pending or method.target):
        return
    method.pending, method.link_digest, method.link_until = "", "", None
    entered = EmailTarget.parse({"address": address}).address if address.strip() else ""
    if entered.casefold() == method.user.email.casefold():
        entered = ""
    if entered in {"", method.target}:
        method.target = entered
        return
    limits.take(limits.MAIL, entered.casefold())
    token = secrets.token_urlsafe(32)
    method.pending, method.link_digest, method.link_until = entered, _digest(token), timezone.now() + LIFE
    _ask(method, entered, token)


def pending(token: str, *, now: datetime | None = None) -> Method:
    """Return the method that a link belongs to, its new address in `pending`. Raises LinkInvalid."""
    found = Method.objects.filter(link_digest=_digest(token), link_until__gt=now or timezone.now()).first()
    if found is None or not found.pending:
        raise LinkInvalid
    return found


def confirm(token: str, *, now: datetime | None = None) -> str:
    """Let mail go to the address of a link from now on, and return it. Raises LinkInvalid."""
    method = pending(token, now=now)
    changed = {"target": method.pending, "pending": "", "link_digest": "", "link_until": None}
    if not Method.objects.filter(pk=method.pk, link_digest=method.link_digest).update(**changed):
        raise LinkInvalid  # somebody was faster
    return method.pending


def _ask(method: Method, address: str, token: str) -> None:
    user = method.user
    with translation.override(user.language or settings.LANGUAGE_CODE):
        text = Text(
            _("Confirm this address for messages of Tollgate"),
            (
                _("Somebody wants messages about the account %(name)s of Tollgate to go to this address.")
                % {"name": user.username},
                _("Follow the link to let them. It works once, for 24 hours. If you do not know why, do nothing."),
            ),
            "settings_notifications",
            _("Confirm address"),
            url=settings.BASE_URL + reverse("notification_address", args=[token]),
        )
        mail.put(letters.letter(user, text, to=address), event=events.MAIL, user=user)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
