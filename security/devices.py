"""Browsers that people have signed in from, known by one cookie of random marks; no address is involved.

A browser has a mark for each account that signed in there, made at that moment: a cookie that someone planted is worth
nothing. A mark opens nothing. It tells a new device from an old one, and its tries are counted apart, so that strangers
cannot lock an owner out. Only its SHA-256 is stored.
"""

import hashlib
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import User
from security import agents
from security.models import Device

COOKIE = "__Host-device" if settings.HTTPS else "device"
KEPT = timedelta(days=180)  # without a sign-in
MOST = 8  # accounts that one browser is known to
MARK = re.compile(r"[\w-]{22}", re.ASCII)  # 128 bits


def known(request: HttpRequest, user_id: int) -> Device | None:
    """Return this browser as one that the account has signed in from, None for any other."""
    digests = [_digest(mark) for mark in _marks(request)]
    if not digests:
        return None
    return Device.objects.filter(user_id=user_id, digest__in=digests, seen_at__gt=timezone.now() - KEPT).first()


def greet(request: HttpRequest, user: User) -> tuple[Device, bool]:
    """Return this browser as a device of who has just signed in, and whether it is a new one."""
    agent, device = agents.describe(request.headers.get("user-agent", "")), known(request, user.pk)
    if device:
        Device.objects.filter(pk=device.pk).update(seen_at=timezone.now(), agent=agent)
        _keep(request, _marks(request))
        return device, False
    mark = secrets.token_urlsafe(16)
    _keep(request, [mark, *_marks(request)])
    return Device.objects.create(user=user, digest=_digest(mark), agent=agent), True


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Send the cookie, if somebody signed in by this request."""
    marks = getattr(request, "_device_marks", None)
    if marks:
        response.set_cookie(
            COOKIE, ".".join(marks[:MOST]), max_age=KEPT, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )


def prune() -> int:
    """Forget devices that nobody signed in from for long; return how many."""
    return Device.objects.filter(seen_at__lt=timezone.now() - KEPT).delete()[0]


def _marks(request: HttpRequest) -> list[str]:
    return [mark for mark in request.COOKIES.get(COOKIE, "").split(".", MOST)[:MOST] if MARK.fullmatch(mark)]


def _keep(request: HttpRequest, marks: list[str]) -> None:
    request._device_marks = marks  # type: ignore[attr-defined]  # noqa: SLF001 (for `remember`, at the end of the request)


def _digest(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()
