"""Signing in by passkey, and confirming by one who is there."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import http, limits
from accounts.models import User
from security import allauth_glue, passkeys, sudo
from security.responses import Refused
from security.views import step_up as pages
from security.views.passkey_json import answers_browsers, session_key

# every one writes a row; no guess is worth anything, so an owner is never locked out by a stranger's
BEGIN = limits.Rule("passkey", ((120, 60), (2000, 3600)))


@login_not_required  # this is how people sign in
@require_POST
@answers_browsers
def options(request: HttpRequest) -> HttpResponse:
    """Begin a sign-in: the same for everybody."""
    limits.take(BEGIN, http.network(request))
    return JsonResponse(passkeys.begin_sign_in(session_key(request)))


@login_not_required  # this is how people sign in
@require_POST
@answers_browsers
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in whoever's passkey answered; having verified its user, it stands for both factors."""
    passkey = passkeys.sign_in(request.POST.get("credential", ""), session_key=request.session.session_key or "")
    response = allauth_glue.sign_in(request, passkey.user, method="passkey", device=passkey)
    if request.user.is_authenticated:
        sudo.note(request, "passkey")
    return _lead(response)


@require_POST
@answers_browsers
def sudo_options(request: HttpRequest) -> HttpResponse:
    """Begin a confirmation."""
    return JsonResponse(passkeys.begin_sudo(cast(User, request.user), session_key(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def by_passkey(request: HttpRequest) -> HttpResponseBase:
    """Ask for a passkey before what matters, and open the window for it."""
    elsewhere = pages.offer(request, "passkey")
    if request.method == "POST":
        return _confirm(request)
    return elsewhere or render(request, "security/sudo_passkey.html", pages.context(request, "passkey"))


@answers_browsers
def _confirm(request: HttpRequest) -> HttpResponse:
    try:
        passkey = passkeys.confirm_sudo(
            cast(User, request.user), request.POST.get("credential", ""), session_key=session_key(request)
        )
    except Refused:
        ended = pages.refused(request, "passkey")
        if ended is None:
            raise
        return _lead(ended)
    return _lead(pages.granted(request, "passkey", passkey))


def _lead(response: HttpResponseBase) -> HttpResponse:
    """Return the way to another page in a form that a script can follow."""
    return JsonResponse({"location": response["Location"]})
