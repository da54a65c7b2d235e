"""What of a request the limits need, how a page says that one was reached, and where a redirect may lead."""

import math
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import limits
from common import address


def network(request: HttpRequest) -> str:
    """Return the network by which tries of this client are counted; only ever passed on to a keyed hash."""
    peer = address.read(request.META.get("REMOTE_ADDR", ""))
    return limits.network(peer) if peer else "unknown"


def limited(request: HttpRequest, reached: limits.TooManyTries, *, reset: bool = True) -> HttpResponse:
    """Answer 429: say how long to wait, and that a reset of the password helps where it does."""
    wait = reached.retry_after
    minutes = math.ceil(wait / 60) if wait else None
    response = render(request, "account/limited.html", {"minutes": minutes, "reset": reset}, status=429)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def safe_path(url: str) -> str | None:
    """Return the path of a URL of this site, None for any other."""
    here = {urlsplit(settings.BASE_URL).netloc}
    if not url_has_allowed_host_and_scheme(url, here, require_https=settings.HTTPS):
        return None
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if path.startswith("/") else None
