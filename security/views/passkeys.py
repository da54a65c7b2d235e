"""Passkeys: the card of the security page, and what its buttons do."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.pages import UNPROCESSABLE, posted
from security import passkeys, relying_party
from security.models import Passkey
from security.passkey_forms import NameForm
from security.sudo import sudo_required
from security.views.passkey_json import answers_browsers, session_key

PAGE = "security"


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: the account's passkeys, oldest first, and why there can be none."""
    held = Passkey.objects.filter(user=_user(request)).order_by("pk")
    return {
        "passkeys": held,
        "most": passkeys.MOST,
        "full": len(held) >= passkeys.MOST,
        "possible": relying_party.possible(),
        "enabled": relying_party.enabled_for(_user(request)),
        "offered": relying_party.offered(request) and relying_party.enabled_for(_user(request)),
        "base_url": settings.BASE_URL,
    }


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the card on a page of its own."""
    return render(request, "security/passkeys.html", card(request))


@require_safe
@sudo_required
def new(request: HttpRequest) -> HttpResponse:
    """Ask how a new passkey is to be called; the browser does the rest."""
    shown = card(request)
    refused = not shown["enabled"]
    return render(request, "security/passkey_new.html", {**shown, "form": NameForm()}, status=403 if refused else 200)


@require_POST
@sudo_required
@answers_browsers
def options(request: HttpRequest) -> HttpResponse:
    """Begin a registration."""
    return JsonResponse(passkeys.begin(_user(request), session_key(request)))


@require_POST
@sudo_required
@answers_browsers
def create(request: HttpRequest) -> HttpResponse:
    """Keep what the browser made."""
    name, answer = request.POST.get("name", ""), request.POST.get("credential", "")
    passkeys.confirm(_user(request), name, answer, session_key=session_key(request))
    messages.success(request, _("Passkey added."))
    return JsonResponse({"location": reverse(PAGE) + "#passkey-card"})


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another name, and take it."""
    passkey = _own(request, pk)
    form = NameForm(posted(request), initial={"name": passkey.name})
    if form.is_bound and form.is_valid():
        passkeys.rename(passkey, form.cleaned_data["name"])
        messages.success(request, _("Passkey renamed."))
        return redirect(PAGE)
    shown = {"form": form, "passkey": passkey}
    return render(request, "security/passkey_name.html", shown, status=UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sudo_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether a passkey is to go, and remove it, unless nobody could get in without it."""
    passkey = _own(request, pk)
    if request.method == "POST":
        try:
            passkeys.remove(passkey, session_key=request.session.session_key)
        except passkeys.LastWayIn:
            shown = {"passkey": passkey, "last": True}
            return render(request, "security/passkey_remove.html", shown, status=409)
        messages.success(request, _("Passkey removed."))
        return redirect(PAGE)
    return render(request, "security/passkey_remove.html", {"passkey": passkey})


def _own(request: HttpRequest, pk: int) -> Passkey:
    return get_object_or_404(Passkey, pk=pk, user=_user(request))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
