"""Break-glass: a link from the command line that signs an account in once, whatever its provider or its mail does.

It stands for the password alone: a second factor is still asked for.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.administrators import COMMAND_LINE
from accounts.models import User
from security import events
from security.models import Event, SignInLink

LIFETIME = timedelta(minutes=30)
PARAMETER = "token"


class Disabled(Exception):
    """Nothing signs in to the account: it is disabled."""


class LinkInvalid(ValueError):
    """The link is unknown, used or expired, or a newer one was made."""


@transaction.atomic
def make(user: User) -> str:
    """Return a new link of an account, the only one that works from now on; its owner is told. Raises Disabled."""
    if not user.is_active:
        raise Disabled
    token = secrets.token_urlsafe(32)
    SignInLink.objects.update_or_create(
        user=user, defaults={"digest": _digest(token), "expires_at": timezone.now() + LIFETIME}
    )
    events.record(user, Event.Kind.LINK, actor=COMMAND_LINE)
    return f"{settings.BASE_URL}{reverse('link_sign_in')}?{PARAMETER}={token}"


def owner(token: str) -> User:
    """Return whom a link would sign in. Raises LinkInvalid."""
    link = _open(token).select_related("user").first()
    if link is None:
        raise LinkInvalid
    return link.user


def claim(token: str) -> User:
    """Use a link up, and return whom it signs in. Raises LinkInvalid; of many at once, all but one get that."""
    user = owner(token)
    if not _open(token).delete()[0]:
        raise LinkInvalid
    return user


def _open(token: str) -> QuerySet[SignInLink]:
    found = SignInLink.objects.filter(digest=_digest(token), expires_at__gt=timezone.now())
    return found.filter(user__is_active=True)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
