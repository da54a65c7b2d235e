"""System access tokens: the card of the security page, and what its buttons do."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.pages import UNPROCESSABLE, posted, toast, wants_fragment
from security import tokens
from security.models import AccessToken
from security.sudo import sudo_required
from security.token_forms import TokenForm

PAGE = "security"


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: the account's tokens, newest first."""
    owned = _user(request).access_tokens.order_by("-created_at", "-pk")
    return {"tokens": owned, "now": timezone.now()}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the card on a page of its own."""
    return render(request, "security/tokens.html", card(request))


@require_http_methods(["GET", "HEAD", "POST"])
@sudo_required
def create(request: HttpRequest) -> HttpResponse:
    """Ask for a new token, make it, and show its secret this one time."""
    user = _user(request)
    form = TokenForm(user, posted(request))
    if form.is_bound and form.is_valid():
        try:
            token, secret = tokens.make(user, **form.cleaned_data)
        except tokens.TokenRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return _shown(request, token, secret, _("Token created"))
    template = "security/token_new.html#form" if wants_fragment(request) else "security/token_new.html"
    return render(request, template, {"form": form}, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sudo_required
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether the secret is to be another one, and show the new one this one time."""
    token = _own(request, pk)
    if request.method != "POST":
        return _confirm(request, token, "replace")
    try:
        secret = tokens.replace(token)
    except tokens.TokenGone as gone:
        raise Http404 from gone
    return _shown(request, token, secret, _("Token replaced"))


@require_http_methods(["GET", "HEAD", "POST"])  # no step-up: whoever fears for a token must not be kept waiting
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether the token is to go, and remove it."""
    token = _own(request, pk)
    if request.method != "POST":
        return _confirm(request, token, "revoke")
    tokens.revoke(token)
    if wants_fragment(request):
        return toast(render(request, "security/tokens.html#card", card(request)), _("Token revoked"))
    messages.success(request, _("Token revoked"))
    return redirect(PAGE)


def _confirm(request: HttpRequest, token: AccessToken, verb: str) -> HttpResponse:
    template = "security/token_confirm.html#form" if wants_fragment(request) else "security/token_confirm.html"
    return render(request, template, {"token": token, "verb": verb})


def _shown(request: HttpRequest, token: AccessToken, secret: str, said: str) -> HttpResponse:
    context = {**card(request), "token": token, "secret": secret, "base_url": settings.BASE_URL}
    if wants_fragment(request):
        return toast(render(request, "security/token_created.html#secret", context), said)
    return render(request, "security/token_created.html", context)


def _own(request: HttpRequest, pk: int) -> AccessToken:
    return get_object_or_404(_user(request).access_tokens, pk=pk)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
