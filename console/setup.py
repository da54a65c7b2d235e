"""The first run: one link, once, that makes the first administrator. No default password exists."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import SetupLink, User
from common import money, version
from console.accounts import open_account

LIFETIME = timedelta(minutes=30)


class LinkInvalid(ValueError):
    """The link is wrong, expired or used, or an account exists already."""


@transaction.atomic
def first_link() -> str | None:
    """Return a link that makes the first administrator, the only one that works from now on; None if users exist."""
    _serialize()
    if User.objects.exists():
        return None
    token = secrets.token_urlsafe(32)
    SetupLink.objects.all().delete()
    SetupLink.objects.create(digest=_digest(token), expires_at=timezone.now() + LIFETIME)
    return f"{settings.BASE_URL}{reverse('setup')}?token={token}"


def valid(token: str) -> bool:
    """Return whether a link would work now."""
    return _open(token).exists() and not User.objects.exists()


@transaction.atomic
def claim(token: str, *, username: str, email: str, password: str) -> User:
    """Use up the link and make the first administrator, with the starting credit.

    Raises LinkInvalid, and django.core.exceptions.ValidationError for a name, address or password that will not do;
    the link can then be tried again.
    """
    _serialize()
    if User.objects.exists() or not _open(token).update(used_at=timezone.now()):
        raise LinkInvalid
    credit = money.from_usd(settings.START_CREDIT)
    return open_account(username=username, email=email, password=password, staff=True, credit=credit)


def _serialize() -> None:
    """Let one transaction at a time decide who is first: the version row is a lock until the commit."""
    version.bump()


def _open(token: str) -> QuerySet[SetupLink]:
    return SetupLink.objects.filter(digest=_digest(token), used_at=None, expires_at__gt=timezone.now())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
