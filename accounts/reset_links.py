"""Links that choose a password, mailed at the word of somebody else than the owner: see accounts.link_tokens."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts import identities, limits, ports
from accounts.link_tokens import FIRST_LIFE, LinkTokens
from accounts.models import User

_tokens = LinkTokens()


class NoAddress(Exception):
    """The account has no e-mail address."""


def make(user: User) -> str:
    """Return a new link, from the base URL. It is a credential: only a mail may hold it."""
    return _link(user, default_token_generator.make_token(user))


def welcome(user: User) -> None:
    """Tell the owner of a new account that it was made for them, with the link to its first password."""
    until = timezone.now() + FIRST_LIFE
    ports.announce(user, "account.made", {"url": _link(user, _tokens.make_first(user)), "until": until})


def mail(user: User) -> None:
    """Put a reset link into the outbox.

    Raises NoAddress, identities.SoleWay where no password lets in, and accounts.limits.TooManyTries as for asking.
    """
    if not user.email:
        raise NoAddress(user.pk)
    if identities.sole(user):
        raise identities.SoleWay
    limits.take(limits.MAIL, f"mail {user.email.lower()}")
    _send(user, "password_reset_key", password_reset_url=make(user))


def _link(user: User, token: str) -> str:
    return settings.BASE_URL + reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), token])


def _send(user: User, template: str, **shown: object) -> None:
    """Queue a mail of templates/account/email in the language of its reader."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        context = {"user": user, "email": user.email, "base_url": settings.BASE_URL, **shown}
        subject = " ".join(render_to_string(f"account/email/{template}_subject.txt", context).split())
        text = render_to_string(f"account/email/{template}_message.txt", context)
        message = EmailMultiAlternatives(subject, text, to=[user.email])
        message.attach_alternative(render_to_string(f"account/email/{template}_message.html", context), "text/html")
    message.send()
