"""Visits to identity providers: a state of 256 bits for one session, provider and action, once, for ten minutes.

They are rows and not part of the session, like challenges: a claim is one guarded DELETE. What else a visit needs to
be secret follows from its state by a keyed hash, and so is nowhere stored.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from security.models import Flow

Action = Flow.Action
AGE = timedelta(minutes=10)
LONGEST_NEXT = 500


class Stale(Exception):
    """No such visit is under way in this session: unknown, too old, ended before, or of another provider."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What goes to the provider: the state, the nonce of the ID token, and the verifier of PKCE (RFC 7636)."""

    state: str

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        return self._derived("verifier")

    @property
    def code_challenge(self) -> str:
        """Return the verifier by the method S256."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def _derived(self, purpose: str) -> str:
        key = f"security.flows {purpose} {settings.SECRET_KEY}".encode()
        return _text(hmac.new(key, self.state.encode(), hashlib.sha256).digest())


def begin(session_key: str, provider: str, action: str, *, user: User | None, back: str = "") -> Secrets:
    """Note that somebody leaves for a provider, and goes on to `back` after it; return what they take with them."""
    state = secrets.token_urlsafe(32)
    Flow.objects.create(
        digest=_digest(state),
        session=_digest(session_key),
        provider=provider,
        action=action,
        user=user,
        next=back if len(back) <= LONGEST_NEXT else "",
        expires_at=timezone.now() + AGE,
    )
    return Secrets(state)


def claim(state: str, session_key: str, provider: str, *, user: User | None) -> tuple[Flow, Secrets]:
    """End a visit, whatever comes of it, and return what it was for. Raises Stale."""
    mine = Flow.objects.filter(digest=_digest(state), session=_digest(session_key), provider=provider, user=user)
    flow = mine.filter(expires_at__gt=timezone.now()).first()
    if flow is None or not Flow.objects.filter(pk=flow.pk).delete()[0]:
        raise Stale
    return flow, Secrets(state)


def prune() -> int:
    """Delete visits that nobody can come back from; return how many."""
    return Flow.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
