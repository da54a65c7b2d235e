"""Recovery codes under the settings: how many are left, and ten new ones, shown once."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from common.pages import wants_fragment
from security import factors, recovery
from security.sudo import sudo_required
from security.views.two_factor import card


@require_http_methods(["GET", "POST"])
@sudo_required
def codes(request: HttpRequest) -> HttpResponseBase:
    """Ask before the old codes die; then show ten new ones, this once."""
    user = cast(User, request.user)
    if not factors.enabled(user):
        return redirect("two_factor")
    if request.method != "POST":
        return render(request, _template(request), card(request))
    made = recovery.regenerate(user, keep_session=request.session.session_key)
    request.session.cycle_key()
    return _shown_once(request, made)


def _shown_once(request: HttpRequest, made: list[str]) -> HttpResponse:
    response = render(request, _template(request), {**card(request), "codes": made})
    response["Cache-Control"] = "no-store"
    return response


def _template(request: HttpRequest) -> str:
    return "security/recovery_codes.html#part" if wants_fragment(request) else "security/recovery_codes.html"
