"""Challenges of passkey ceremonies: 64 random bytes, for one session and one ceremony, once, for five minutes.

They are rows and not part of the session: a session is read, changed and written back, which lets two parallel
answers both win. A claim is one guarded UPDATE.
"""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from security.models import Challenge

Ceremony = Challenge.Ceremony
BYTES = 64
AGE = timedelta(minutes=5)


class Stale(Exception):
    """There is no such challenge for this session and ceremony: unknown, too old, or answered before."""


def issue(session_key: str, ceremony: str, user: User | None = None) -> bytes:
    """Return a new challenge; `user` is whose ceremony it is, None where that is not known yet."""
    value = secrets.token_bytes(BYTES)
    Challenge.objects.create(
        value=_kept(value), ceremony=ceremony, session=_mark(session_key), user=user, expires_at=timezone.now() + AGE
    )
    return value


def claim(value: bytes, session_key: str, ceremony: str, user: User | None = None) -> None:
    """Use up a challenge, whatever comes of the answer. Raises Stale."""
    now = timezone.now()
    open_ones = Challenge.objects.filter(expires_at__gt=now, used_at=None, user=user)
    mine = open_ones.filter(value=_kept(value), ceremony=ceremony, session=_mark(session_key))
    if mine.update(used_at=now) != 1:
        raise Stale


def prune() -> int:
    """Delete challenges that are too old to be answered; return how many."""
    return Challenge.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _kept(value: bytes) -> bytes:
    """Return what is stored of a challenge: whoever reads the database can answer none."""
    return hashlib.sha512(value).digest()


def _mark(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()
