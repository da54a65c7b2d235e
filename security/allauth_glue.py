"""The one place that touches allauth's internals; tests/security/test_allauth_glue.py holds it to what they do."""

from collections.abc import Callable
from typing import cast

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStage
from allauth.account.utils import get_next_redirect_url
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_otp.models import Device

from accounts.models import User

View = Callable[[HttpRequest, LoginStage], HttpResponseBase]


def sign_in(
    request: HttpRequest,
    user: User,
    *,
    method: str,
    device: Device | None = None,
    back: str = "",
    proven: bool = False,
) -> HttpResponse:
    """Sign `user` in through every stage, and answer with where to go; `device` has proven its factor already.

    That is the path `back`, else the page that `next` names, if it is one of this site. With `proven` a second factor
    was given elsewhere: this sign-in asks for none, and nothing else is opened by it.
    """
    record_authentication(request, user, method=method)
    if device is not None:
        user.otp_device = device  # type: ignore[attr-defined]  # django_otp puts it into the session
    user.proven_elsewhere = proven  # type: ignore[attr-defined]  # for the stage; it is asked for where this is lost
    login = Login(user=user, redirect_url=back or get_next_redirect_url(request))
    return cast(HttpResponse, perform_login(request, login))


def paused(stage: str) -> Callable[[View], Callable[[HttpRequest], HttpResponseBase]]:
    """Let a view answer where a sign-in waits at `stage`, and hand the stage to it; send all others to the sign-in."""

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
        @login_stage_required(stage=stage, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
        def waiting(request: HttpRequest) -> HttpResponseBase:
            return view(request, request._login_stage)  # type: ignore[attr-defined]  # noqa: SLF001 (allauth puts it there)

        return cast(Callable[[HttpRequest], HttpResponseBase], waiting)

    return decorate
