"""The pages that ask who is there: one a method, each with links to the others that work."""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_otp.models import Device

from accounts import http, limits
from accounts.models import User
from common.pages import UNPROCESSABLE, posted
from security import devices, factors, sudo
from security.forms import WRONG_CODE, WRONG_PASSWORD, CodeForm, PasswordForm, RecoveryForm

Proof = Callable[[HttpRequest, str], Device | None]


class Wrong(Exception):
    """What was typed proves nothing; the text says so."""


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def by_password(request: HttpRequest) -> HttpResponseBase:
    """Ask for the password, where no second factor is on."""
    return _ask(request, "password", PasswordForm(posted(request)), _password)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def by_code(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code of the app, or a recovery code."""
    form = RecoveryForm if "recovery" in request.GET else CodeForm
    return _ask(request, "code", form(posted(request)), _code)


@require_safe
def no_way(request: HttpRequest) -> HttpResponse:
    """Say that this account has nothing that could prove who is there, and what helps."""
    return render(request, "security/sudo_none.html", status=403)


def offer(request: HttpRequest, method: str) -> HttpResponseBase | None:
    """Return the way to another page where `method` is not one that works for this user; None where it is."""
    methods = _methods(request)
    if method in {found.id for found in methods}:
        return None
    return redirect(f"{reverse(methods[0].url if methods else 'sudo_none')}?{_query(request)}")


def context(request: HttpRequest, method: str) -> dict[str, object]:
    """Return what each of the pages shows: where it leads, and the other methods that work."""
    others = [
        {"label": other.label, "url": f"{reverse(other.url)}?{_query(request)}"}
        for other in _methods(request)
        if other.id != method
    ]
    if method == "code":
        words, more = (
            (_("Use a recovery code"), {"recovery": "1"}) if "recovery" not in request.GET else (_("Use the app"), {})
        )
        others.insert(0, {"label": words, "url": f"{reverse('sudo_code')}?{_query(request, **more)}"})
    return {"others": others, "next": _next(request), "need": _need(request)}


def granted(request: HttpRequest, method: str, device: Device | None) -> HttpResponseBase:
    """Open the window and go on to where the person wanted to go."""
    sudo.grant(request, method, device=device)
    return redirect(_next(request))


def refused(request: HttpRequest, method: str) -> HttpResponseBase | None:
    """Count a wrong proof; return the way to the sign-in where the session ended by it."""
    way_back = _next(request)
    if not sudo.refuse(request, method):
        return None
    messages.error(request, _("That was wrong five times. You were signed out."))
    return redirect(f"{reverse('account_login')}?{urlencode({'next': way_back})}")


def _ask(request: HttpRequest, method: str, form: forms.Form, proof: Proof) -> HttpResponseBase:
    elsewhere = offer(request, method)
    if elsewhere:
        return elsewhere
    if form.is_valid():
        [(field, typed)] = form.cleaned_data.items()
        try:
            return granted(request, method, proof(request, typed))
        except limits.TooManyTries as reached:
            return http.limited(request, reached, reset=False)
        except Wrong as wrong:
            ended = refused(request, method)
            if ended:
                return ended
            form.add_error(field, str(wrong))
    shown = {**context(request, method), "form": form, "method": method, "recovery": isinstance(form, RecoveryForm)}
    return render(request, "security/sudo.html", shown, status=UNPROCESSABLE if form.is_bound else 200)


def _password(request: HttpRequest, typed: str) -> Device | None:
    if not get_adapter(request).reauthenticate(request.user, typed):
        raise Wrong(WRONG_PASSWORD)
    return None


def _code(request: HttpRequest, typed: str) -> Device | None:
    user = cast(User, request.user)
    try:
        return factors.verify(user, typed, browser=devices.known(request, user.pk))
    except factors.WrongCode as wrong:
        raise Wrong(WRONG_CODE) from wrong


def _methods(request: HttpRequest) -> list[sudo.Method]:
    return sudo.offered(cast(User, request.user), _need(request))


def _query(request: HttpRequest, **more: str) -> str:
    need = _need(request)
    return urlencode({"next": _next(request)} | ({"need": need} if need else {}) | more)


def _need(request: HttpRequest) -> str:
    """Return what the page behind needs; whoever leaves it out opens the window, and that page asks again."""
    need = request.POST.get("need") or request.GET.get("need") or ""
    return need if need in sudo.NEEDS else ""


def _next(request: HttpRequest) -> str:
    return http.safe_path(request.POST.get("next") or request.GET.get("next") or "") or reverse("overview")
