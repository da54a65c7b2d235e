"""Standard Webhooks 1.0: what a receiver verifies (https://github.com/standard-webhooks/standard-webhooks)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "whsec_"
SIZE = 32  # bytes of a new secret
SIZES = range(24, 65)  # bytes of one that is brought along
OVERLAP = timedelta(hours=24)  # for which a replaced secret still signs
MOST = 8  # secrets at a time


class SecretRefused(ValueError):
    """The text is no secret of Standard Webhooks."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and until when it signs if another has replaced it."""

    text: str
    until: datetime | None = None


def mint() -> Secret:
    """Return a new secret."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(SIZE)).decode())


def read(text: str) -> Secret:
    """Return a secret that was brought along. Raises SecretRefused."""
    try:
        size = len(_key(text))
    except (binascii.Error, ValueError) as error:
        raise SecretRefused from error
    if not text.startswith(PREFIX) or size not in SIZES:
        raise SecretRefused
    return Secret(text)


def replace(kept: Sequence[Secret], new: Secret, now: datetime) -> tuple[Secret, ...]:
    """Return the secrets that sign once `new` has come: those before it for another 24 hours each, newest first."""
    before = [Secret(secret.text, secret.until or now + OVERLAP) for secret in signing(kept, now)]
    return (new, *(secret for secret in before if secret.text != new.text))[:MOST]


def signing(kept: Sequence[Secret], now: datetime) -> tuple[Secret, ...]:
    """Return the secrets that are still good."""
    return tuple(secret for secret in kept if secret.until is None or secret.until > now)


def headers(kept: Sequence[Secret], *, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that go with a body; the time is that of the attempt, so that it is never stale."""
    timestamp = str(int(now.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [_signature(secret, signed) for secret in signing(kept, now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _signature(secret: Secret, signed: bytes) -> str:
    return base64.b64encode(hmac.new(_key(secret.text), signed, hashlib.sha256).digest()).decode()


def _key(text: str) -> bytes:
    return base64.b64decode(text.removeprefix(PREFIX), validate=True)
