"""The authenticator app: codes of six digits that change every 30 seconds (RFC 6238, SHA-1), each good once.

A code of the step before or after the server's own is taken too, for clocks that are off: 90 seconds in all. Nothing is
learnt of a clock that drifts, or a thief could walk it away from the server's, one sign-in at a time.
"""

import base64
import hmac
import re
import secrets
import time
from datetime import timedelta
from urllib.parse import quote, urlencode

import qrcode
from django.db import transaction
from django.utils import timezone
from django_otp.oath import hotp
from qrcode.image.svg import SvgPathImage

from accounts import ports
from accounts.models import User
from security import events, recovery
from security.models import Event, TOTPDevice

ISSUER = "Tollgate"
STEP = 30  # seconds
DIGITS = 6
SECRET_BYTES = 20  # 160 bits: the length of the hash (RFC 4226 4, R6)
SHAPE = re.compile(r"[0-9]{6}")  # int() would take spaces, signs, underscores and the digits of other scripts
BEGUN_FOR = timedelta(hours=1)


class NotBegun(Exception):
    """There is no set-up to finish, or it was left for an hour."""


class AlreadyOn(Exception):
    """The account has an authenticator app."""


class WrongCode(Exception):
    """Not the code of this moment."""


@transaction.atomic
def begin(user: User) -> TOTPDevice:
    """Return a new authenticator with its recovery codes, none of which opens anything yet. Raises AlreadyOn.

    What was begun before is forgotten.
    """
    User.objects.select_for_update().get(pk=user.pk)  # one at a time
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise AlreadyOn
    TOTPDevice.objects.filter(user=user).delete()
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    codes = " ".join(recovery.draft())
    return TOTPDevice.objects.create(user=user, name=ISSUER, confirmed=False, secret=secret, codes=codes)


def begun(user: User) -> TOTPDevice | None:
    """Return the authenticator that is being set up, None where none is."""
    lately = timezone.now() - BEGUN_FOR
    return TOTPDevice.objects.filter(user=user, confirmed=False, created_at__gt=lately).order_by("-pk").first()


@transaction.atomic
def confirm(user: User, code: str, *, keep_session: str | None = None) -> TOTPDevice:
    """Turn it on: the app knows the secret, the recovery codes are stored, the other sessions end.

    Raises NotBegun, AlreadyOn, and WrongCode, after which the secret is still the same.
    """
    User.objects.select_for_update().get(pk=user.pk)  # one at a time
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise AlreadyOn
    device = begun(user)
    if device is None:
        raise NotBegun
    step = step_of(device.secret, code)
    if step is None:
        raise WrongCode
    recovery.store(user, device.codes.split())
    device.confirmed, device.created_at, device.last_step, device.codes = True, timezone.now(), step, ""
    device.save(update_fields=["confirmed", "created_at", "last_step", "codes"])
    events.record(user, Event.Kind.TOTP_ON)
    ports.end_sessions(user, keep_session)
    return device


def verify(user: User, code: str) -> TOTPDevice | None:
    """Return the authenticator whose code this is, None if it is not, or was used: it, or one after it.

    Behind no limit: security.factors is.
    """
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    step = device and step_of(device.secret, code)
    if device is None or step is None:
        return None
    used = TOTPDevice.objects.filter(pk=device.pk, confirmed=True, last_step__lt=step).update(last_step=step)
    return device if used else None


@transaction.atomic
def remove(user: User, *, keep_session: str | None = None, actor: User | str | None = None, reason: str = "") -> bool:
    """Turn it off: authenticator and recovery codes go, the other sessions end; return whether it was on.

    Who may, is asked elsewhere. `actor` and `reason` are of an administrator who does it for somebody.
    """
    User.objects.select_for_update().get(pk=user.pk)  # one at a time
    was_on = TOTPDevice.objects.filter(user=user, confirmed=True).exists()
    TOTPDevice.objects.filter(user=user).delete()
    recovery.remove(user)
    if was_on:
        events.record(user, Event.Kind.TOTP_OFF, actor=actor, reason=reason)
        ports.end_sessions(user, keep_session)
    return was_on


def step_of(secret: str, code: str) -> int | None:
    """Return the time step whose code this is, None if it is none of the three that count now."""
    if not SHAPE.fullmatch(code):
        return None
    now = int(time.time()) // STEP
    return next((step for step in (now + 1, now, now - 1) if hmac.compare_digest(code_at(secret, step), code)), None)


def code_at(secret: str, step: int) -> str:
    """Return the code of a base32 secret at a time step (RFC 6238 4.2)."""
    return f"{hotp(base64.b32decode(secret), step, DIGITS):0{DIGITS}d}"


def uri(device: TOTPDevice) -> str:
    """Return what an app reads from the square (the otpauth form that authenticators share)."""
    label = quote(f"{ISSUER}:{device.user.username}", safe=":")
    return f"otpauth://totp/{label}?{urlencode({'secret': device.secret, 'issuer': ISSUER, 'digits': DIGITS})}"


def square(device: TOTPDevice) -> str:
    """Return the QR code of the authenticator as SVG without a style of its own."""
    return qrcode.make(uri(device), image_factory=SvgPathImage).to_string(encoding="unicode")


def by_hand(device: TOTPDevice) -> str:
    """Return the secret in groups of four, for who types it in."""
    return " ".join(device.secret[at : at + 4] for at in range(0, len(device.secret), 4))
