"""System access tokens: made, shown once, replaced, revoked, and known again under /api."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common import secretkeys
from security import events
from security.models import AccessToken, Event

DEFAULT = "default"
LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=366)
IDLE = timedelta(days=365)  # GitHub revokes a token after a year without use, too
TOUCH_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is: not every call writes
LONGEST_NAME = 64  # characters
MOST = 20  # of an account


class InvalidToken(Exception):
    """Malformed, unknown, revoked, expired, or its owner disabled: nobody is told which."""


class TokenGone(Exception):
    """The token was revoked or replaced a moment ago."""


class TokenRefused(Exception):
    """A token cannot be made this way. `field` names what is at fault, the text says what to do."""

    field = "name"


class InvalidName(TokenRefused):
    """Empty, too long, or with control characters."""


class NameTaken(TokenRefused):
    """The account has a token with this name."""


class TooManyTokens(TokenRefused):
    """The account has as many tokens as one may have."""


class InvalidScopes(TokenRefused):
    """None, or one that does not exist."""

    field = "scopes"


class InvalidExpiry(TokenRefused):
    """Not a moment within the next year."""

    field = "expires_at"


@transaction.atomic
def make(
    user: User,
    *,
    name: str = DEFAULT,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    actor: str | None = None,
) -> tuple[AccessToken, str]:
    """Make a token and return it with its secret, which is stored nowhere. It lives 90 days unless told otherwise.

    `actor` names who made it for its owner. Raises a TokenRefused.
    """
    owner = User.objects.select_for_update().get(pk=user.pk)  # one at a time: names and numbers
    name, now = _name(name), timezone.now()
    if owner.access_tokens.filter(name=name).exists():
        raise NameTaken(_("You already have a token with this name."))
    if owner.access_tokens.count() >= MOST:
        raise TooManyTokens(_("An account has at most %(n)s tokens. Revoke one you no longer use.") % {"n": MOST})
    secret = secretkeys.mint(secretkeys.ACCESS_TOKEN)
    prefix, suffix = secretkeys.hint(secret)
    token = AccessToken.objects.create(
        user=owner,
        name=name,
        digest=secretkeys.digest(secret),
        prefix=prefix,
        suffix=suffix,
        scopes=_scopes(scopes),
        created_at=now,
        expires_at=_expiry(expires_at or now + LIFE, now),
    )
    events.record(owner, Event.Kind.TOKEN_MADE, actor=actor, detail=name)
    return token, secret


@transaction.atomic
def replace(token: AccessToken) -> str:
    """Return a new secret for the token; the old one is dead. Name and scopes stay, its time begins anew.

    Raises TokenGone if it was revoked or replaced since it was read.
    """
    secret, now = secretkeys.mint(secretkeys.ACCESS_TOKEN), timezone.now()
    prefix, suffix = secretkeys.hint(secret)
    changed = AccessToken.objects.filter(pk=token.pk, digest=token.digest).update(
        digest=secretkeys.digest(secret),
        prefix=prefix,
        suffix=suffix,
        created_at=now,
        expires_at=now + (token.expires_at - token.created_at),
        last_used_at=None,
    )
    if not changed:
        raise TokenGone
    token.refresh_from_db()
    events.record(token.user, Event.Kind.TOKEN_MADE, detail=token.name)
    return secret


@transaction.atomic
def revoke(token: AccessToken, *, actor: User | str | None = None, reason: str = "") -> bool:
    """Remove the token: it opens nothing from now on. Return False if it was gone already.

    `actor` and `reason` are of an administrator who does it for somebody.
    """
    deleted, _rows = AccessToken.objects.filter(pk=token.pk).delete()
    if deleted:
        events.record(token.user, Event.Kind.TOKEN_REVOKED, actor=actor, reason=reason, detail=token.name)
    return bool(deleted)


def revoke_unused() -> int:
    """Revoke the tokens that nobody used for a year, and return how many."""
    idle = AccessToken.objects.alias(used_at=Coalesce("last_used_at", "created_at")).select_related("user")
    return sum(revoke(token) for token in idle.filter(used_at__lt=timezone.now() - IDLE))


def authenticate(secret: str) -> AccessToken:
    """Return the token of a secret with its owner, and note its use. Raises InvalidToken.

    The checksum is looked at first: what was mistyped or guessed costs no query.
    """
    if not well_formed(secret):
        raise InvalidToken
    now = timezone.now()
    found = AccessToken.objects.select_related("user__group").filter(digest=secretkeys.digest(secret))
    token = found.filter(expires_at__gt=now, user__is_active=True).first()
    if token is None or (token.last_used_at or token.created_at) < now - IDLE:
        raise InvalidToken
    _touch(token, now)
    return token


def well_formed(secret: str) -> bool:
    """Return whether `secret` can be a token at all."""
    return secretkeys.well_formed(secret, secretkeys.ACCESS_TOKEN)


def _touch(token: AccessToken, now: datetime) -> None:
    if token.last_used_at is None or token.last_used_at < now - TOUCH_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - TOUCH_EVERY)
        AccessToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _name(text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidName(_("Give the token a name."))
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise InvalidName(_("Use at most %(n)s characters, all of them visible.") % {"n": LONGEST_NAME})
    return text


def _scopes(scopes: Iterable[str]) -> list[str]:
    asked = set(scopes)
    if not asked or not asked <= set(AccessToken.Scope.values):
        raise InvalidScopes(_("Choose from: %(scopes)s.") % {"scopes": ", ".join(AccessToken.Scope.values)})
    return [scope for scope in AccessToken.Scope.values if scope in asked]


def _expiry(moment: datetime, now: datetime) -> datetime:
    if not now < moment <= now + LONGEST_LIFE:
        raise InvalidExpiry(_("Choose a day in the future, within a year."))
    return moment
