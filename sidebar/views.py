"""The switches of the frame, theme and language, and its icon."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from common.pages import wants_fragment
from sidebar import preferences

NO_CONTENT = 204


@login_not_required  # the sign-in page has the switch too
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme, with the account where there is one, and go back."""
    response = HttpResponse(status=NO_CONTENT) if wants_fragment(request) else _back(request)
    try:
        preferences.remember_theme(response, request.POST.get("theme", ""))
    except preferences.UnknownChoice:
        return HttpResponseBadRequest("theme must be empty, light or dark")
    if isinstance(request.user, User):
        preferences.save_theme(request.user, request.POST.get("theme", ""))
    return response


@login_not_required  # the sign-in page has the switch too
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language, with the account where there is one, and go back."""
    response = _back(request)
    code = request.POST.get("language", "")
    try:
        preferences.remember_language(response, code)
    except preferences.UnknownChoice:
        return HttpResponseBadRequest("language must be one of those offered")
    if isinstance(request.user, User):
        preferences.save_language(request.user, code)
    return response


@login_not_required  # browsers ask for it everywhere
@require_safe
def favicon(_: HttpRequest) -> HttpResponse:
    """Lead to the mark; pages name it themselves, Django admin and bare files do not."""
    response = HttpResponseRedirect(static("img/mark.svg"))
    response["Cache-Control"] = "max-age=86400"
    return response


def _back(request: HttpRequest) -> HttpResponseRedirect:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else "/")
