"""The front page of the settings with its search, and what can be done about an item of the check-up."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import http
from accounts.models import User
from common.pages import wants_fragment
from console import checkup, hub, settings_map


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show every area and how it stands, or what fits a search."""
    text = request.GET.get("q", "").strip()[: settings_map.LONGEST]
    shown: dict[str, object] = {"q": text}
    if text:
        shown["found"] = settings_map.search(text)
    else:
        shown["groups"] = hub.cards(cast(User, request.user))
    return render(request, "settings/hub.html#found" if wants_fragment(request) else "settings/hub.html", shown)


@require_POST
def item(request: HttpRequest) -> HttpResponse:
    """Let an item of the check-up be for a while, or ask about it again, and go back."""
    user, name = cast(User, request.user), request.POST.get("item", "")
    try:
        if request.POST.get("ask") == "1":
            checkup.ask_again(user, name)
        else:
            checkup.let_be(user, name, now=timezone.now())
    except checkup.UnknownCheck as unknown:
        raise Http404 from unknown
    return redirect(http.safe_path(request.POST.get("next", "")) or "settings")
