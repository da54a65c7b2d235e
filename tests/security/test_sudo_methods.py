"""Which methods the step-up offers, and what each of them is worth."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.models import User
from security import sudo
from security.models import Event, Session, TOTPDevice
from security.sessions import stored
from tests.accounts.conftest import PASSWORD
from tests.second_factor import code, enroll, fresh_code, wrong
from tests.security.test_redirects import PROBES, here

GUARDED = "/accounts/email/"
BY_PASSWORD, BY_CODE = "/accounts/reauthenticate/", "/accounts/reauthenticate/code/"
START = timezone.now().replace(minute=0, second=0, microsecond=0)


def path(response) -> str:
    return urlsplit(response["Location"]).path


@pytest.fixture
def codes(user) -> list[str]:
    return enroll(user)


@pytest.fixture
def later(user, codes, browser):
    """A browser signed in with password and code, an hour ago."""
    TOTPDevice.objects.update(created_at=START - timedelta(days=1))
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        browser.confirm(user)
        clock.shift(timedelta(minutes=59))
        yield browser


@pytest.mark.req("C2")
def test_where_a_second_factor_is_on_the_password_is_worth_nothing(user, later):
    assert path(later.get(GUARDED)) == BY_CODE
    assert path(later.get(BY_PASSWORD)) == BY_CODE
    assert path(later.post(BY_PASSWORD, {"password": PASSWORD})) == BY_CODE
    assert path(later.get(GUARDED)) == BY_CODE
    assert "Use your password" not in later.page(BY_CODE)


@pytest.mark.req("C1", "C2")
def test_a_code_opens_ten_minutes(user, later):
    asked = later.get(GUARDED)
    assert parse_qs(urlsplit(asked["Location"]).query) == {"next": [GUARDED]}
    given = later.post(asked["Location"], {"code": code(user)})
    assert given["Location"] == GUARDED
    assert later.get(GUARDED).status_code == 200


def test_a_recovery_code_does_too(user, codes, later):
    page = later.page(f"{BY_CODE}?next={GUARDED}")
    assert f"{BY_CODE}?next=%2Faccounts%2Femail%2F&amp;recovery=1" in page
    assert later.post(f"{BY_CODE}?next={GUARDED}&recovery=1", {"code": codes[0]})["Location"] == GUARDED
    assert later.get(GUARDED).status_code == 200


@pytest.mark.req("D1", "D2")
def test_a_code_that_signed_in_opens_no_window(user, codes, browser):
    with time_machine.travel(START, tick=False):
        browser.sign_in()
        browser.post("/accounts/login/second-factor/", {"code": code(user)})
        session = browser.session
        del session[sudo.KEY]
        session.save()
        assert browser.post(BY_CODE, {"code": code(user)}).status_code == 422
        assert path(browser.get(GUARDED)) == BY_CODE


def test_a_code_page_is_of_no_use_without_an_app(user, signed_in):
    assert path(signed_in.get(BY_CODE)) == BY_PASSWORD


@pytest.mark.req("C4")
def test_the_fifth_wrong_code_ends_the_session(user, later):
    statuses = [later.post(BY_CODE, {"code": wrong(user)}).status_code for _ in range(4)]
    assert statuses == [422] * 4
    ended = later.post(BY_CODE, {"code": wrong(user), "next": GUARDED}, follow=True)
    assert ended.redirect_chain[-1][0] == f"/accounts/login/?next={GUARDED.replace('/', '%2F')}"
    assert "You were signed out" in ended.content.decode()
    assert not Session.objects.filter(user=user).exists()
    kinds = [event.kind for event in Event.objects.filter(user=user).order_by("pk")]
    assert kinds.count("sudo-failed") == 5
    assert kinds[-1] == "session-ended"


@pytest.mark.req("C4")
def test_a_right_code_in_between_does_not_start_the_count_anew_for_the_old_session(user, later):
    for _ in range(3):
        later.post(BY_CODE, {"code": wrong(user)})
    before = later.cookies["session"].value
    assert later.post(BY_CODE, {"code": code(user)}).status_code == 302
    assert later.cookies["session"].value != before
    assert not Session.objects.filter(session_key=stored(before)).exists()


@pytest.mark.usefixtures("noon")
@pytest.mark.req("D5", "C4")
def test_the_step_up_shares_the_limit_of_codes_with_the_sign_in(user, later):
    for _ in range(5):
        later.post(BY_CODE, {"code": wrong(user)})
    later.sign_in()
    assert later.post("/accounts/login/second-factor/", {"code": code(user)}).status_code == 429


@pytest.mark.usefixtures("noon")
@pytest.mark.req("A5")
def test_who_guessed_the_password_cannot_lock_the_owner_out(user, later, new_browser):
    thief = new_browser("198.51.100.77")
    thief.sign_in()
    statuses = [thief.post("/accounts/login/second-factor/", {"code": wrong(user)}).status_code for _ in range(7)]
    assert statuses == [422] * 5 + [429] * 2
    assert later.post(BY_CODE, {"code": code(user)}).status_code == 302, "a browser that has signed in before"


@pytest.mark.req("D5")
def test_browsers_that_were_known_before_the_second_factor_have_no_count_of_their_own(user, new_browser):
    with time_machine.travel(START, tick=False) as clock:
        known = [new_browser(f"198.51.100.{number}") for number in range(3)]
        for browser in known:
            browser.sign_in()
        clock.shift(timedelta(minutes=1))
        enroll(user)
        Session.objects.all().delete()
        statuses = []
        for browser in known * 3:
            browser.sign_in()
            statuses.append(browser.post("/accounts/login/second-factor/", {"code": wrong(user)}).status_code)
    assert statuses == [422] * 5 + [429] * 4


@pytest.mark.req("B1")
def test_the_session_moves_to_a_new_key_and_keeps_its_beginning(user, later):
    row = Session.objects.get(user=user)
    later.post(BY_CODE, {"code": code(user)})
    moved = Session.objects.get(user=user)
    assert moved.session_key != row.session_key
    assert (moved.created_at, moved.expire_date) == (row.created_at, row.expire_date)
    assert (moved.device_id, moved.agent) == (row.device_id, row.agent)


def test_both_outcomes_are_written_down_with_their_method(user, later):
    later.post(BY_CODE, {"code": wrong(user)})
    later.post(BY_CODE, {"code": code(user)})
    events = Event.objects.filter(user=user, kind__startswith="sudo").order_by("pk")
    assert [(event.kind, event.detail) for event in events] == [("sudo-failed", "code"), ("sudo", "code")]


@pytest.mark.req("C3")
def test_an_account_that_only_a_provider_vouches_for_is_asked_for_its_code(user, codes, browser):
    User.objects.filter(pk=user.pk).update(password="!unusable")
    SocialAccount.objects.create(user=user, provider="github", uid="1")
    browser.force_login(User.objects.get())
    assert path(browser.get(GUARDED)) == BY_CODE
    browser.post(BY_CODE, {"code": code(user)})
    assert browser.get(GUARDED).status_code == 200


@pytest.mark.req("C3")
def test_without_any_method_nothing_opens(user, browser):
    User.objects.filter(pk=user.pk).update(password="!unusable")
    browser.force_login(User.objects.get())
    for page in (GUARDED, BY_CODE, BY_PASSWORD):
        answer = browser.get(page, follow=True)
        assert answer.status_code == 403
        assert "Nothing here can confirm that it is you" in answer.content.decode()


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_a_code_leads_nowhere_off_the_site(user, codes, browser, probe):
    browser.sign_in(next=probe)
    assert here(browser.confirm(user))
    assert here(browser.post(BY_CODE, {"code": fresh_code(user), "next": probe}))


def test_a_fragment_is_led_to_a_whole_page(user, later):
    page = "http://localhost:8000/settings/profile/"
    answer = later.get(GUARDED, headers={"hx-request": "true", "hx-current-url": page})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"{BY_CODE}?next=%2Fsettings%2Fprofile%2F"


def test_a_proof_from_the_future_or_of_another_user_is_none(user, signed_in, admin):
    for change in ({"at": START.timestamp() + 1e9}, {"user": admin.pk}):
        session = signed_in.session
        session[sudo.KEY] = {**session[sudo.KEY], **change}
        session.save()
        assert path(signed_in.get(GUARDED)) == BY_PASSWORD


def test_a_session_made_before_the_app_is_verified_by_the_step_up(user, signed_in):
    enroll(user)
    session = signed_in.session
    del session[sudo.KEY]
    session.save()
    signed_in.post(BY_CODE, {"code": fresh_code(user)})
    assert signed_in.get(GUARDED).wsgi_request.user.is_verified()


def test_an_unknown_need_is_none(user, later):
    assert later.get(f"{BY_CODE}?need=x").status_code == 200
    assert 'name="need"' not in later.page(f"{BY_CODE}?need=x")
