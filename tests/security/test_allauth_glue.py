"""What allauth's internals must keep doing for us; a new version of it that does not fails here."""

import inspect
from pathlib import Path

import pytest
from allauth.account import app_settings
from allauth.account.decorators import reauthentication_required
from allauth.account.internal import flows, stagekit
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows import login
from allauth.account.middleware import AccountMiddleware
from allauth.account.stages import LoginStage, LoginStageController
from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.adapter import AccountAdapter
from accounts.models import User
from security import allauth_glue, stages
from security.sessions import SessionStore
from tests.second_factor import enroll


def request_of(user, *, method="get", **kwargs):
    request = getattr(RequestFactory(), method)("/page/", **kwargs)
    request.user, request.session = user, SessionStore()
    return request


def test_recording_has_the_parameters_that_are_used():
    parameters = inspect.signature(login.record_authentication).parameters
    assert list(parameters) == ["request", "user", "method", "extra_data"]


def test_a_stage_has_the_parts_that_are_used():
    assert list(inspect.signature(login_stage_required).parameters) == ["stage", "redirect_urlname"]
    assert list(inspect.signature(login.perform_login).parameters) == ["request", "login"]
    assert {"handle", "exit", "abort"} <= set(dir(LoginStage))


def test_ours_is_the_last_stage():
    paths = AccountAdapter().get_login_stages()
    assert paths[-1] == "security.stages.SecondFactor"
    assert paths.index("allauth.account.stages.EmailVerificationStage") < len(paths) - 1


def test_a_sign_in_pauses_at_the_stage_and_signs_nobody_in(user):
    enroll(user)
    request = request_of(AnonymousUser(), HTTP_HOST="localhost:8000")
    with context.request_context(request):
        answer = allauth_glue.sign_in(request, user, method="password")
    assert answer["Location"] == "/accounts/login/second-factor/"
    assert not request.user.is_authenticated
    waiting = LoginStageController.enter(request, stages.SecondFactor.key)
    assert waiting.login.user == user
    assert isinstance(stagekit.get_pending_stage(request), stages.SecondFactor)


def test_a_sign_in_waits_five_minutes():
    assert app_settings.LOGIN_TIMEOUT == 300


def test_nobody_sees_the_page_of_a_stage_that_waits_for_nobody(db):
    seen = allauth_glue.paused(stages.SecondFactor.key)(lambda request, stage: HttpResponse("in"))
    answer = seen(request_of(AnonymousUser()))
    assert answer["Location"] == "/accounts/login/"
    assert not seen.login_required  # type: ignore[attr-defined]  # Django's mark for pages before the sign-in


@pytest.mark.req("C3")
@pytest.mark.parametrize("password", ["correct horse battery", None])
def test_allauths_own_guard_asks_by_our_step_up_and_keeps_nothing(user, password):
    """Stock, it lets accounts without a password through, and keeps the body of a POST in the session."""
    user.set_password(password)
    user.save()
    request = request_of(user, method="post", data={"canary": "seen"}, HTTP_HOST="localhost:8000")
    guarded = reauthentication_required(lambda request: HttpResponse("in"))
    middleware = AccountMiddleware(lambda request: HttpResponse())
    with context.request_context(request):
        try:
            answer = guarded(request)
        except Exception as raised:  # noqa: BLE001 (as Django hands it to the middleware)
            answer = middleware.process_exception(request, raised)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert dict(request.session.items()) == {}
    assert flows.reauthentication.STATE_SESSION_KEY not in request.session


def test_no_other_module_touches_the_internals():
    root = Path(__file__).resolve().parents[2]
    rooms = ("accounts", "security", "console", "notifications", "config", "gateway")
    found = [
        path.relative_to(root).as_posix()
        for room in rooms
        for path in (root / room).rglob("*.py")
        if "allauth.account.internal" in path.read_text() or "allauth.core.internal" in path.read_text()
    ]
    assert found == ["security/allauth_glue.py"]


def test_a_disabled_account_does_not_get_as_far(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    request = request_of(AnonymousUser(), HTTP_HOST="localhost:8000")
    with context.request_context(request):
        answer = allauth_glue.sign_in(request, user, method="passkey")
    assert answer["Location"] == "/accounts/inactive/"
    assert not request.user.is_authenticated
