"""Two-factor authentication under the settings: set up in three steps on one page, turned off on another."""

from typing import cast

import django_otp
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import http, identities
from accounts.models import User
from common.pages import UNPROCESSABLE, posted
from security import devices, factors, policy, sudo, totp
from security.forms import WRONG_FIRST_CODE, OffForm, SetUpForm
from security.sudo import sudo_required
from security.views.two_factor import card


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@sudo_required
def two_factor(request: HttpRequest) -> HttpResponseBase:
    """Show where two-factor authentication stands; begin its set-up, and finish it."""
    user = cast(User, request.user)
    if request.method != "POST":
        return _page(request, SetUpForm())
    try:
        if "begin" in request.POST:
            totp.begin(user)
        else:
            return _finish(request, user)
    except (totp.AlreadyOn, totp.NotBegun):  # in another window, or an hour ago
        messages.error(request, _("This set-up is over. Have another look."))
    return redirect(request.get_full_path())


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@sudo_required
def off(request: HttpRequest) -> HttpResponseBase:
    """Turn it off: by password and code or, without a password, by a code after another proof."""
    user = cast(User, request.user)
    if not factors.enabled(user):
        return redirect("two_factor")
    if not identities.has_password(user) and sudo.method(request) == "code":
        return sudo.ask(request, "other")
    form = OffForm(user, devices.known(request, user.pk), posted(request))
    if form.is_valid():
        totp.remove(user, keep_session=request.session.session_key)
        request.session.cycle_key()
        messages.success(request, _("Two-factor authentication is off."))
        return redirect("two_factor")
    return render(request, "security/two_factor_off.html", {"form": form}, status=_status(form.is_bound))


def _finish(request: HttpRequest, user: User) -> HttpResponseBase:
    form = SetUpForm(request.POST)
    if form.is_valid():
        try:
            device = totp.confirm(user, form.cleaned_data["code"], keep_session=request.session.session_key)
        except totp.WrongCode:
            form.add_error("code", WRONG_FIRST_CODE)
        else:
            django_otp.login(request, device)
            request.session.cycle_key()
            messages.success(request, _("Two-factor authentication is on."))
            return redirect(http.safe_path(request.GET.get("next", "")) or "two_factor")
    return _page(request, form)


def _page(request: HttpRequest, form: SetUpForm) -> HttpResponse:
    user = cast(User, request.user)
    device = totp.begun(user)
    shown = {**card(request), "totp_begun": device, "overdue": policy.overdue(user), "form": form}
    if device:
        square = mark_safe(totp.square(device))  # noqa: S308 (drawn by the library)
        shown |= {"square": square, "by_hand": totp.by_hand(device), "codes": device.codes.split()}
    return render(request, "security/two_factor.html", shown, status=_status(form.is_bound))


def _status(is_bound: bool) -> int:  # noqa: FBT001 (a form's own word)
    return UNPROCESSABLE if is_bound else 200
