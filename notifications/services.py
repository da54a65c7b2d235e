"""Tell people what happened, and get it out of the house."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts import ports
from accounts.models import User
from common import batches
from notifications import mail, outbox
from notifications.models import Delivery
from notifications.texts import TEXTS
from notifications.transports import email

deliver_due = outbox.deliver_due


def announce(user: User, kind: str, data: Mapping[str, object]) -> None:
    """Queue a mail to the owner of an account, in their language, in the transaction of what happened."""
    if not user.email:
        return
    with translation.override(user.language or settings.LANGUAGE_CODE):
        text = TEXTS[kind](data)
        shown = {"user": user, "text": text, "url": text.url or settings.BASE_URL + reverse(text.urlname)}
        message = EmailMultiAlternatives(text.subject, render_to_string("email/event.txt", shown), to=[user.email])
        message.attach_alternative(render_to_string("email/event.html", shown), "text/html")
    mail.put(message, event=kind, user=user)


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
