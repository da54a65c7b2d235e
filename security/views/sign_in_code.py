"""The last step of a sign-in: the code of the authenticator app, or a recovery code."""

from allauth.account.stages import LoginStage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import http, limits
from common.pages import UNPROCESSABLE, posted
from security import devices, entrance, factors, sudo
from security.allauth_glue import paused
from security.forms import WRONG_CODE, CodeForm, RecoveryForm
from security.stages import SecondFactor


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@paused(SecondFactor.key)
def second_factor(request: HttpRequest, stage: LoginStage) -> HttpResponseBase:
    """Ask for a code and finish the sign-in; end it where it was canceled, or the account changed meanwhile."""
    if not stage.stands() or "cancel" in request.POST:
        return _response(stage.abort())
    if not factors.enabled(stage.login.user):  # turned off since: the sign-in would wait for nothing
        return _response(stage.exit())
    recovery = "recovery" in request.GET
    form = (RecoveryForm if recovery else CodeForm)(posted(request))
    if form.is_valid():
        try:
            return _finish(request, stage, form.cleaned_data["code"])
        except limits.TooManyTries as reached:
            return http.limited(request, reached, reset=False)
        except factors.WrongCode:
            entrance.sign_in_failed(request, stage.login.user)
            form.add_error("code", WRONG_CODE)
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "security/second_factor.html", {"form": form, "recovery": recovery}, status=status)


def _finish(request: HttpRequest, stage: LoginStage, code: str) -> HttpResponse:
    user = stage.login.user
    user.otp_device = factors.verify(user, code, browser=devices.known(request, user.pk))  # django_otp stores it
    response = _response(stage.exit())
    if request.user.is_authenticated:
        sudo.note(request, "code")
    return response


def _response(response: HttpResponse) -> HttpResponse:
    return response
