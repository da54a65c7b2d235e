"""What a mail about an account looks like."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from notifications.text import Text


def url_of(text: Text) -> str:
    """Return the address of the page where something can be done about it."""
    return text.url or settings.BASE_URL + reverse(text.urlname)


def letter(user: User, text: Text, *, to: str) -> EmailMultiAlternatives:
    """Return a mail to one address, as plain text and as HTML, in the language that is active."""
    shown = {"user": user, "text": text, "url": url_of(text)}
    message = EmailMultiAlternatives(
        " ".join(text.subject.split()), render_to_string("email/event.txt", shown), to=[to]
    )
    message.attach_alternative(render_to_string("email/event.html", shown), "text/html")
    return message
