"""Sudo: what matters asks who is there, unless that was proven within ten minutes. The window does not slide.

There is one mechanism for all of it, and it keeps the address of a page only, never what was posted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import django_otp
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect
from django_otp.models import Device

from accounts import http, identities, limits
from accounts.models import User
from accounts.ports import sudo_required
from security import events, factors, passkeys, sessions
from security.models import Event

__all__ = ["recent", "step_up", "sudo_required"]  # rooms beside this one find the decorator in ports

WINDOW = 600  # seconds
KEY = "sudo"  # in the session: whose proof, when, by which method
WRONG = limits.Rule("sudo wrong", ((4, limits.DAY),))  # of a session; with the fifth it ends


@dataclass(frozen=True, slots=True)
class Method:
    """A way to prove who is there: its page, whom it works for, and whether it proves a second factor."""

    id: str
    label: str | Promise
    url: str  # the page's name
    usable: Callable[[User], bool]
    verifies: bool = True


# what a page may demand beyond any proof: "factor" a second factor, "other" one beside the code it asks for itself
NEEDS: dict[str, Callable[[Method], bool]] = {
    "": lambda method: True,  # noqa: ARG005
    "factor": lambda method: method.verifies,
    "other": lambda method: method.id != "code",
}


def _password_is_enough(user: User) -> bool:
    return identities.has_password(user) and not factors.enabled(user)


def _provider_is_enough(user: User) -> bool:
    """Return whether a provider may vouch: where there is no password, and only one that asks anew who is there."""
    alone = not identities.has_password(user) and not factors.enabled(user)
    return alone and any(not provider.is_github for provider in identities.usable(user))


# as they are offered, the best one first
METHODS: list[Method] = [
    Method("passkey", _("Use a passkey"), "sudo_passkey", passkeys.usable),
    Method("code", _("Use a code"), "sudo_code", factors.enabled),
    Method("password", _("Use your password"), "account_reauthenticate", _password_is_enough, verifies=False),
    Method("provider", _("Sign in again at your provider"), "sudo_provider", _provider_is_enough, verifies=False),
]


def offered(user: User, need: str = "") -> list[Method]:
    """Return the methods that work for `user` and give what the page needs (a key of NEEDS)."""
    return [method for method in METHODS if NEEDS[need](method) and method.usable(user)]


def recent(request: HttpRequest) -> bool:
    """Return whether this session's user has proven who they are within the window, here or at the sign-in."""
    return _proof(request) is not None


def method(request: HttpRequest) -> str | None:
    """Return the id of the method of the proof, None where there is none within the window."""
    proof = _proof(request)
    return str(proof["method"]) if proof else None


def note(request: HttpRequest, method: str) -> None:
    """Open the window for a proof that the sign-in just was."""
    request.session[KEY] = {"user": request.user.pk, "at": time.time(), "method": method}


def grant(request: HttpRequest, method: str, *, device: Device | None = None) -> None:
    """Open the window: the user has just proven who they are, by a second factor where there is a `device`.

    The session moves to a new key.
    """
    user = cast(User, request.user)
    note(request, method)
    if device is not None:
        django_otp.login(request, device)
    request.session.cycle_key()
    events.record(user, Event.Kind.SUDO, detail=method)


def refuse(request: HttpRequest, method: str) -> bool:
    """Write a wrong proof down; return True where it was the fifth of this session, which has ended by now."""
    user = cast(User, request.user)
    events.record(user, Event.Kind.SUDO_FAILED, detail=method)
    try:
        limits.take(WRONG, counted(sessions.stored(request.session.session_key)))
    except limits.TooManyTries:
        events.record(user, Event.Kind.SESSION_ENDED)
        logout(request)
        return True
    return False


def counted(stored: str | None) -> str:
    """Return by what name the wrong proofs of a session are counted, from the name of its row."""
    return f"session {stored}"


def step_up(request: HttpRequest, back: str | None = None) -> HttpResponseBase | None:
    """Return the answer that asks who is there and comes `back`, here by default; None if that was proven lately."""
    return None if recent(request) else ask(request, back=back)


def ask(request: HttpRequest, need: str = "", back: str | None = None) -> HttpResponseBase:
    """Return the answer that asks who is there, by the best method that works, and comes `back`, here by default."""
    if not request.user.is_authenticated:
        return redirect(request, "account_login", {"next": page(request)})
    methods = offered(request.user, need)
    query = {"next": back or page(request)} | ({"need": need} if need else {})
    return redirect(request, methods[0].url if methods else "sudo_none", query)


def redirect(request: HttpRequest, urlname: str, query: Mapping[str, str]) -> HttpResponseBase:
    """Lead to a page; htmx would put what a plain redirect leads to into the fragment it asked for."""
    url = f"{reverse(urlname)}?{urlencode(query)}"
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else HttpResponseRedirect(url)


def page(request: HttpRequest) -> str:
    """Return the page to come back to: this one, or the one that a form or a fragment was sent from."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return request.get_full_path()
    sent_from = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    return http.safe_path(sent_from) or reverse("overview")


def _proof(request: HttpRequest) -> dict[str, Any] | None:
    proof = request.session.get(KEY)
    if not isinstance(proof, dict) or proof["user"] != request.user.pk:
        return None
    return proof if 0 <= time.time() - proof["at"] < WINDOW else None
