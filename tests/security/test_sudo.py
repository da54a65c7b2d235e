"""The password again, once in ten minutes, before what matters."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from security import sudo
from security.sessions import SessionStore
from tests.accounts.conftest import PASSWORD

GUARDED = "/accounts/email/"
START = timezone.now()


def asks(response) -> bool:
    return bool(response.status_code == 302 and urlsplit(response["Location"]).path == "/accounts/reauthenticate/")


@pytest.mark.req("C1")
def test_the_password_of_the_sign_in_opens_ten_minutes(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=9, seconds=59))
        assert browser.get(GUARDED).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert asks(browser.get(GUARDED))


@pytest.mark.req("C1")
def test_use_does_not_prolong_the_window(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        for _ in range(9):
            clock.shift(timedelta(minutes=1))
            assert browser.get(GUARDED).status_code == 200
        clock.shift(timedelta(minutes=1))
        assert asks(browser.get(GUARDED))


def test_the_password_again_leads_back_and_opens_ten_more(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        asked = browser.get(GUARDED + "?page=2")
        assert parse_qs(urlsplit(asked["Location"]).query) == {"next": [GUARDED + "?page=2"]}
        assert "Confirm it is you" in browser.page(asked["Location"])
        given = browser.post(asked["Location"], {"password": PASSWORD, "next": GUARDED})
        assert given["Location"] == GUARDED
        assert browser.get(GUARDED).status_code == 200


@pytest.mark.req("C4")
def test_the_fifth_wrong_password_ends_the_session(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        codes = [browser.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code for _ in range(7)]
        assert codes == [422] * 4 + [302] * 3
        assert browser.get(GUARDED)["Location"] == f"/accounts/login/?next={GUARDED}", "the session has ended"


def test_what_was_posted_is_not_kept(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        answer = browser.post(GUARDED, {"action_add": "", "email": "canary@example.com"})
        assert asks(answer)
        assert "canary" not in str(dict(browser.session.items()))


def test_a_form_leads_back_to_the_page_it_was_sent_from(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        sent = browser.post(GUARDED, headers={"referer": "http://localhost:8000/settings/pricing/?x=1"})
        assert parse_qs(urlsplit(sent["Location"]).query)["next"] == ["/settings/pricing/?x=1"]
        foreign = browser.post(GUARDED, headers={"referer": "https://evil.example/settings/"})
        assert parse_qs(urlsplit(foreign["Location"]).query)["next"] == ["/overview/"]


def test_a_fragment_is_answered_with_a_whole_page(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        page = "http://localhost:8000/settings/profile/"
        answer = browser.get(GUARDED, headers={"hx-request": "true", "hx-current-url": page})
        assert answer.status_code == 200
        assert answer["HX-Redirect"] == "/accounts/reauthenticate/?next=%2Fsettings%2Fprofile%2F"


@pytest.mark.req("C3")
def test_an_account_without_password_is_never_let_through(user, browser):
    browser.sign_in()
    User.objects.filter(pk=user.pk).update(password="!unusable")
    browser.force_login(User.objects.get())
    for path in (GUARDED, "/accounts/password/set/"):
        asked = browser.get(path, follow=True)
        assert asked.status_code == 403
        assert "Nothing here can confirm that it is you" in asked.content.decode()


def test_strangers_are_sent_to_the_sign_in(db):
    request = RequestFactory().get("/settings/")
    request.user, request.session = AnonymousUser(), SessionStore()
    answer = sudo.step_up(request)
    assert answer
    assert answer["Location"] == "/accounts/login/?next=%2Fsettings%2F"


def test_the_record_of_one_user_is_worth_nothing_to_another(user, signed_in, admin):
    """A session that changes hands keeps no window: allauth's records name their user."""
    session = signed_in.session
    session["_auth_user_id"] = str(admin.pk)
    session["_auth_user_hash"] = admin.get_session_auth_hash()
    session.save()
    assert asks(signed_in.get(GUARDED))
