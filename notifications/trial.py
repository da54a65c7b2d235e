"""A message that only says that messages arrive."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import limits
from accounts.models import User
from notifications import events, letters, mail, methods, outbox
from notifications.changes import NothingEntered
from notifications.models import Delivery
from notifications.text import Text
from notifications.transports.base import Message

RULE = limits.Rule("notification test", ((5, 60),))


@transaction.atomic
def send(user: User, kind: str, *, limited: bool = True) -> Delivery:
    """Queue a test for one method, be it on or off; it is tried once. At the command line there is no limit.

    Raises NothingEntered, and accounts.limits.TooManyTries for a sixth in a minute.
    """
    method = methods.one(user, kind)
    if not methods.leads(method):
        raise NothingEntered
    if limited:
        limits.take(RULE, limits.account(user.pk))
    language = user.language or settings.LANGUAGE_CODE
    with translation.override(language):
        text = Text(
            _("Test message from Tollgate"),
            (_("This is how Tollgate reaches you by this method. Nothing has happened to your account."),),
            "settings_notifications",
            _("Notifications"),
        )
        if kind == methods.Kind.EMAIL:
            return mail.put(letters.letter(user, text, to=methods.address(method)), event=events.TEST, user=user)
    message = Message(0, events.TEST, timezone.now(), language, text.subject, text.paragraphs[0], {})
    return outbox.put(user=user, event=events.TEST, method=kind, subject=text.subject, payload=message.dump())
