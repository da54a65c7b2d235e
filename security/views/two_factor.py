"""The card of two-factor authentication: the authenticator app, and the recovery codes."""

from datetime import UTC, datetime
from typing import cast

from django.http import HttpRequest

from accounts.models import User
from security import policy, recovery, totp
from security.models import TOTPDevice


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: the app and when it was last used, how many codes are left, who demands it."""
    user = cast(User, request.user)
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    left = recovery.left(user)
    return {
        "totp": device,
        "totp_used_at": _used_at(device),
        "codes_left": left,
        "codes_low": left <= recovery.LOW,
        "required_from": policy.required_from(user),
    }


def _used_at(device: TOTPDevice | None) -> datetime | None:
    return datetime.fromtimestamp(device.last_step * totp.STEP, UTC) if device and device.last_step > 0 else None
