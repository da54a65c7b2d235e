"""Recovery codes: ten of 120 random bits, each good once, for when the authenticator app is lost.

Kept as SHA-256: at 112 bits and more a slow hash adds nothing (NIST SP 800-63B-4 3.1.2), and ten Argon2 hashes for
each guess would be a lever against the server.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import ngettext

from accounts import ports
from accounts.models import User
from security import events
from security.models import Event, RecoveryCode, RecoveryCodeDevice

COUNT = 10
CODE_BYTES = 15  # 24 letters of base32
GROUP = 4
LOW = 3  # left: its owner is warned
SHAPE = re.compile(r"[A-Z2-7]{24}")


def draft() -> list[str]:
    """Return ten new codes in groups of four letters; they are stored nowhere yet."""
    return [_grouped(base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(COUNT)]


@transaction.atomic
def store(user: User, codes: Sequence[str]) -> None:
    """Let these be the codes of an account: older ones no longer work."""
    User.objects.select_for_update().get(pk=user.pk)  # one at a time, or two sets would be left
    device = RecoveryCodeDevice.objects.get_or_create(user=user, defaults={"name": "recovery codes"})[0]
    device.codes.all().delete()
    RecoveryCodeDevice.objects.filter(pk=device.pk).update(created_at=timezone.now())
    RecoveryCode.objects.bulk_create(RecoveryCode(device=device, digest=digest(code)) for code in codes)


@transaction.atomic
def regenerate(user: User, *, keep_session: str | None = None) -> list[str]:
    """Return ten new codes in place of the old ones, for its owner to see this once; the other sessions end."""
    codes = draft()
    store(user, codes)
    events.record(user, Event.Kind.CODES_MADE)
    ports.end_sessions(user, keep_session)
    return codes


@transaction.atomic
def verify(user: User, code: str) -> RecoveryCodeDevice | None:
    """Return the set that the code is of and use it up; None if it is of none, or was used. Its owner is told.

    Behind no limit: security.factors is.
    """
    device = RecoveryCodeDevice.objects.filter(user=user, confirmed=True).first()
    plain = _plain(code)
    if device is None or not SHAPE.fullmatch(plain):
        return None
    # the set's own key, not a join: PostgreSQL asks a subquery again as of before the other's update
    unused = RecoveryCode.objects.filter(device_id=device.pk, digest=digest(plain), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return None
    _tell(user, device.codes.filter(used_at=None).count())
    return device


def remove(user: User) -> None:
    """Forget the codes of an account."""
    RecoveryCodeDevice.objects.filter(user=user).delete()


def left(user: User) -> int:
    """Return how many codes were not used yet."""
    return RecoveryCode.objects.filter(device__user=user, used_at=None).count()


def digest(code: str) -> str:
    """Return what is stored in place of a code."""
    return hashlib.sha256(_plain(code).encode()).hexdigest()


def _tell(user: User, number: int) -> None:
    words = ngettext("%(n)s recovery code is left.", "%(n)s recovery codes are left.", number) % {"n": number}
    events.record(user, Event.Kind.CODE_USED, detail=words)
    if number <= LOW:
        ports.announce(user, "security.codes-low", {"detail": words})


def _plain(code: str) -> str:
    """Return the code as it was drawn: people add blanks and dashes, and write small."""
    return re.sub(r"[\s-]", "", code).upper()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))
