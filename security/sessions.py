"""Session engine: Django's database sessions with an owner, an absolute end and an idle end. Named in SESSION_ENGINE.

A session ends 14 days after it began (SESSION_COOKIE_AGE), or after 24 hours without use. NIST SP 800-63B-4 2.2.3 has
24 hours and 1 hour; a console that people keep open beside their work may be looser, since what matters asks for the
password again (security/sudo.py). Administrators have NIST's numbers.

A row is named by a digest of the key that the browser carries, and what it holds is encrypted, so that whoever reads
the database, or a backup of it, is signed in nowhere.
"""

import hashlib
from collections.abc import Mapping
from copy import copy
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from asgiref.sync import sync_to_async
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import int_to_base36

from accounts.models import User
from common.fields import cipher
from security import events
from security.events import Kind
from security.models import Session

IDLE = timedelta(hours=24)
STAFF_IDLE, STAFF_LIFE = timedelta(hours=1), timedelta(hours=24)
KEPT = 40  # hexadecimal digits
SEEN_EVERY = timedelta(minutes=5)  # how exact `seen_at` is: not every page writes it


def alive() -> Q:
    """Return the condition of a session that has not ended."""
    now = timezone.now()
    inside_staff_limits = Q(seen_at__gt=now - STAFF_IDLE, created_at__gt=now - STAFF_LIFE)
    everyone = Q(expire_date__gt=now, seen_at__gt=now - IDLE)
    return everyone & (Q(user=None) | Q(user__is_staff=False) | inside_staff_limits)


def stored(session_key: str | None) -> str | None:
    """Return by what a row is named, 160 bits of the digest of a browser's key; None without a key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:KEPT] if session_key else None


def of(user: User) -> list[Session]:
    """Return the sessions of an account, last used first."""
    return list(Session.objects.filter(alive(), user=user).order_by("-seen_at"))


def end_sessions(user: User, except_key: str | None = None) -> int:
    """End the sessions of an account, but for the one with this key; return how many ended."""
    return Session.objects.filter(user=user).exclude(session_key=stored(except_key)).delete()[0]


def end_unfinished(user: User) -> int:
    """End the sessions of nobody in which a sign-in as `user` has begun, or that name it; return how many ended."""
    names, nobodys, reader = {user.username, user.email} - {""}, Session.objects.filter(user=None), SessionStore()
    begun = [row.pk for row in nobodys.iterator() if _tells(reader.decode(row.session_data), user.pk, names)]
    return nobodys.filter(pk__in=begun).delete()[0]


@transaction.atomic
def end(user: User, public_id: str) -> bool:
    """End one session of an account, as its owner; return False if there is none by this name."""
    found = next((row for row in of(user) if row.public_id == public_id), None)
    if found is None or not Session.objects.filter(pk=found.pk).delete()[0]:
        return False
    events.record(user, Kind.SESSION_ENDED, detail=found.agent)
    return True


@transaction.atomic
def end_all(user: User, *, except_key: str | None = None, actor: User | str | None = None, reason: str = "") -> int:
    """End the sessions of an account, as its owner or an `actor`, and write that down; return how many ended."""
    ended = end_sessions(user, except_key)
    if ended:
        events.record(user, Kind.SESSION_ENDED, actor=actor, reason=reason)
    return ended


class SessionStore(DatabaseStore):
    """Sessions that know whose they are and when they began."""

    _row: Session | None = None
    _said: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        """Return what the session holds, nothing if it has ended; note that it was used."""
        now = timezone.now()
        self._row = Session.objects.filter(alive(), session_key=stored(self.session_key)).first()
        if self._row is None:
            self._session_key = None
            return {}
        if self._row.seen_at < now - SEEN_EVERY:
            Session.objects.filter(pk=self._row.pk, seen_at=self._row.seen_at).update(seen_at=now)
        return self.decode(self._row.session_data)

    def create(self) -> None:
        """Begin a session under a new key. One that somebody is signed in with keeps its beginning, and so its end.

        Raises SessionInterrupted where its account is gone by now; Django would try new keys for ever.
        """
        if self._row and self._row.user_id is None:
            self._row = None
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        try:
            self.save(must_create=True)
        except CreateError as error:  # 165 random bits are no other session's
            raise SessionInterrupted("The account was deleted before the request completed.") from error
        self.modified = True

    def flush(self) -> None:
        """End the session; what comes after it is another one."""
        super().flush()
        self._row, self._said = None, {}

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=stored(session_key)).exists()

    def delete(self, session_key: str | None = None) -> None:
        """End the session of a key, by default of this one."""
        Session.objects.filter(session_key=stored(session_key or self.session_key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return what a row holds, encrypted: the link of a reset that is being answered is in it."""
        signed: str = super().encode(session_dict)
        return cipher().encrypt(signed.encode()).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return what a row says; nothing where no key fits."""
        try:
            signed = cipher().decrypt(session_data)
        except InvalidToken:  # written before sessions were encrypted: signed all the same
            signed = force_bytes(session_data)
        return super().decode(signed.decode())

    def describe(self, **said: Any) -> None:
        """Note columns of the row: from where the session's user signed in."""
        self._said = said
        self.modified = True

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to store. What it holds may change; when it began and when it ends may not."""
        row = copy(self._row) if self._row else Session(created_at=timezone.now())
        row.session_key = stored(self._get_or_create_session_key())  # type: ignore[assignment,attr-defined]
        row.session_data = self.encode(data)
        row.user_id = data.get(SESSION_KEY)
        row.expire_date = row.created_at + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        row.seen_at = timezone.now()
        for column, value in self._said.items():
            setattr(row, column, value)
        return row

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def acreate(self) -> None:
        await sync_to_async(self.create)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    @classmethod
    def clear_expired(cls) -> None:
        """Delete what has ended, of age or idle; the background runner does so."""
        Session.objects.exclude(pk__in=Session.objects.filter(alive())).delete()


def _tells(data: object, user_id: int, names: set[str]) -> bool:
    """Return whether anything in the data of a session names an account; allauth keeps who begins to sign in."""
    if isinstance(data, dict):
        return data.get("user_pk") == int_to_base36(user_id) or any(
            _tells(each, user_id, names) for each in data.values()
        )
    if isinstance(data, list):
        return any(_tells(each, user_id, names) for each in data)
    return data in names
