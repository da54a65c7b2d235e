"""The outbox mail backend: a page never waits for a mail server, and never fails with it."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.models import User
from notifications import outbox
from notifications.events import MAIL
from notifications.models import Delivery
from notifications.transports import email


class OutboxEmailBackend(BaseEmailBackend):
    """Write messages to the outbox, in the transaction of what they tell of; the worker sends them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each message that has a recipient; return how many."""
        addressed = [message for message in email_messages if message.recipients()]
        for message in addressed:
            put(message, event=MAIL)
        return len(addressed)


def put(message: EmailMessage, *, event: str, user: User | None = None, repeatable: bool = False) -> Delivery:
    """Queue a message; it belongs to the account that has its recipient's address, and goes when that goes.

    A repeatable one is kept once sent, so that its owner may send it again.

    Raises django.core.mail.BadHeaderError for a line break in a header.
    """
    recipients = message.recipients()
    if user is None and len(recipients) == 1:
        user = User.objects.filter(email__iexact=recipients[0]).first()
    raw = message.message().as_bytes(linesep="\r\n")
    return outbox.put(
        user=user,
        event=event,
        method="email",
        subject=str(message.subject),
        payload=email.pack(message.from_email, recipients, raw),
        repeatable=repeatable,
    )
