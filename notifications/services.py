"""Tell people what happened, and get it out of the house."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from accounts import administrators, limits, ports
from accounts.models import User
from common import batches
from notifications import courier, events, letters, mail, methods, notices, outbox
from notifications.models import Delivery, Method
from notifications.text import Text
from notifications.texts import TEXTS
from notifications.transports import email

deliver_due = courier.deliver_due
overdue = outbox.overdue
SECRET = {"account.made"}  # its link opens the account: mailed, and not kept


@transaction.atomic
def announce(user: User, kind: str, data: Mapping[str, object]) -> None:
    """Queue one message for each method of an account that tells of this, in the transaction of what happened.

    Changes of credentials are mailed to the account's own address whatever its owner has switched off.
    """
    with translation.override(user.language or settings.LANGUAGE_CODE):
        text, event = TEXTS[kind](data), events.event_of(kind)
        telling = methods.telling(user, event)
        for address in _addresses(user, event, telling):
            mail.put(letters.letter(user, text, to=address), event=kind, user=user, repeatable=kind not in SECRET)
        if kind not in SECRET:
            _notify(user, kind, text, data, [method.kind for method in telling if method.kind != methods.Kind.EMAIL])


def _addresses(user: User, event: str, telling: Collection[Method]) -> Collection[str]:
    if event == events.CREDENTIALS:
        return [user.email] if user.email else []
    return [methods.address(method) for method in telling if method.kind == methods.Kind.EMAIL]


def _notify(user: User, kind: str, text: Text, data: Mapping[str, object], kinds: Collection[str]) -> None:
    """Queue an event for methods other than mail."""
    message = notices.notice(kind, text, data, language=translation.get_language() or settings.LANGUAGE_CODE)
    for method in kinds:
        outbox.put(user=user, event=kind, method=method, subject=text.subject, payload=message.dump(), repeatable=True)


def tell_administrators(
    kind: str, data: Mapping[str, object], *, about: str = "", once: limits.Rule | None = None
) -> bool:
    """Queue a message for every administrator; return False where `once` says that they know of this already."""
    if once:
        try:
            limits.take(once, f"{kind} {about}")
        except limits.TooManyTries:
            return False
    for user in administrators.active():
        announce(user, kind, data)
    return True


def forget(addresses: Collection[str]) -> int:
    """Delete the messages to these addresses that belong to no account (invitations, say); return how many."""
    return outbox.forget(addresses)


def forget_files(addresses: Collection[str]) -> int:
    """Delete the messages to these addresses that were written to files for want of a mail server."""
    return email.forget(addresses)


def sweep_files() -> int:
    """Delete the messages in files whose delivery is gone, with its account or of age; return how many."""
    found = email.files()
    kept = set(Delivery.objects.filter(pk__in=found).values_list("pk", flat=True))
    gone = [path for pk, path in found.items() if pk not in kept]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def prune() -> int:
    """Delete closed deliveries past their retention; return how many."""
    return batches.delete(_old())


def due() -> int:
    """Return how many closed deliveries are past their retention."""
    return _old().count()


def _old() -> QuerySet[Delivery]:
    closed = Delivery.objects.exclude(state=Delivery.State.PENDING)
    return closed.filter(created_at__lt=timezone.now() - ports.kept().errors)
