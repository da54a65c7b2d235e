"""Administration, and every page where the operator says so, take a second factor."""

from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from security import policy, totp
from security.models import SecurityPolicy
from tests.accounts.conftest import Browser
from tests.second_factor import code, enroll, fresh_code

USERS, ENROLMENT = "/admin/accounts/user/", "/settings/security/two-factor/"
ROOT = "quite a long passphrase"
START = timezone.now().replace(minute=0, second=0, microsecond=0)
Required = SecurityPolicy.Required


def end(response) -> str:
    """Where a request ends that follows all redirects."""
    return urlsplit(response.redirect_chain[-1][0]).path if response.redirect_chain else response.wsgi_request.path


@pytest.mark.req("I17", "A16")
def test_an_administrator_without_a_second_factor_sees_only_its_set_up(admin):
    browser = Browser()
    browser.sign_in("root", ROOT)
    for page in ("/admin/", USERS, "/admin/login/", f"{USERS}add/"):
        asked = browser.get(page, follow=True)
        assert end(asked) == ENROLMENT
        assert asked.status_code == 200
    assert browser.post(f"{USERS}add/", {"username": "x"}).status_code == 302
    assert User.objects.count() == 1


@pytest.mark.req("I17")
def test_the_set_up_leads_on_to_the_admin_page_that_was_asked_for(admin):
    browser = Browser()
    browser.sign_in("root", ROOT)
    page = browser.get(USERS, follow=True).redirect_chain[-1][0]
    begun = browser.post(page, {"begin": "1"})
    assert begun["Location"] == page
    device = totp.begun(admin)
    assert device
    done = browser.post(page, {"stored": "on", "code": pyotp.TOTP(device.secret).now()})
    assert done["Location"] == USERS
    assert browser.get(USERS).status_code == 200


@pytest.mark.req("I17", "C1", "C2")
def test_administrators_prove_who_they_are_every_ten_minutes(admin):
    enroll(admin)
    browser = Browser()
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in("root", ROOT)
        browser.confirm(admin)
        assert browser.get(USERS).status_code == 200
        clock.shift(timedelta(minutes=10))
        asked = browser.get(USERS, follow=True)
        assert end(asked) == "/accounts/reauthenticate/code/"
        page = asked.redirect_chain[-1][0]
        assert browser.post(page, {"password": ROOT}).status_code == 422
        assert browser.post(page, {"code": code(admin)})["Location"] == USERS
        assert browser.get(USERS).status_code == 200


@pytest.mark.req("I17", "A16")
def test_a_session_that_skipped_the_code_is_asked_for_it(admin):
    enroll(admin)
    browser = Browser()
    browser.force_login(admin)
    assert end(browser.get(USERS, follow=True)) == "/accounts/reauthenticate/code/"


@pytest.mark.req("I17")
def test_an_unconfirmed_or_removed_authenticator_is_no_second_factor(admin, admin_browser):
    totp.remove(admin)
    browser = Browser()
    browser.sign_in("root", ROOT)
    totp.begin(admin)
    assert end(browser.get(USERS, follow=True)) == ENROLMENT


@pytest.mark.req("I17")
def test_losing_the_rank_closes_the_admin_at_once(admin, admin_browser):
    User.objects.filter(pk=admin.pk).update(is_staff=False)
    assert admin_browser.get(USERS, follow=True).status_code == 403


@pytest.mark.req("I17")
def test_the_days_of_grace_never_cover_the_admin(admin):
    SecurityPolicy.objects.create(second_factor=Required.NOBODY, grace_days=365)
    browser = Browser()
    browser.sign_in("root", ROOT)
    assert browser.get("/settings/profile/").status_code == 200
    assert end(browser.get(USERS, follow=True)) == ENROLMENT


def test_staff_have_seven_days_before_their_own_pages_close(admin):
    browser = Browser()
    with time_machine.travel(START, tick=False) as clock:
        User.objects.filter(pk=admin.pk).update(date_joined=START)
        clock.shift(timedelta(days=6, hours=23))
        browser.sign_in("root", ROOT)
        assert browser.get("/settings/profile/").status_code == 200
        clock.shift(timedelta(hours=1))
        browser.sign_in("root", ROOT)
        for page in ("/settings/profile/", "/keys/", "/overview/", "/accounts/email/"):
            asked = browser.get(page, follow=True)
            assert end(asked) == ENROLMENT
        assert "Your administrator requires a second factor." in asked.content.decode()
        assert browser.post("/keys/new/", {"name": "x"}).status_code == 302
        assert not admin.api_keys.exists()


def test_others_are_asked_only_where_everyone_is(user, browser):
    with time_machine.travel(START + timedelta(days=400), tick=False):
        browser.sign_in()
        assert browser.get("/settings/profile/").status_code == 200
        SecurityPolicy.objects.create(second_factor=Required.EVERYONE)
        assert end(browser.get("/settings/profile/", follow=True)) == ENROLMENT


@pytest.mark.req("A16")
def test_who_signs_up_meets_the_same_rule(group, browser, settings):
    settings.SIGNUP = "open"
    SecurityPolicy.objects.create(second_factor=Required.EVERYONE, grace_days=0)
    words = "several words that belong together"
    form = {"username": "ann", "email": "ann@example.com", "password1": words, "password2": words}
    assert end(browser.post("/accounts/signup/", form, follow=True)) == ENROLMENT
    assert end(browser.get("/keys/", follow=True)) == ENROLMENT


def test_a_fragment_is_led_to_the_set_up_as_a_whole_page(user, browser):
    SecurityPolicy.objects.create(second_factor=Required.EVERYONE, grace_days=0)
    browser.sign_in()
    answer = browser.get("/keys/", headers={"hx-request": "true", "hx-current-url": "http://localhost:8000/keys/"})
    assert answer["HX-Redirect"] == f"{ENROLMENT}?next=%2Fkeys%2F"


def test_what_is_left_is_set_up_sign_out_and_the_look(user, browser):
    SecurityPolicy.objects.create(second_factor=Required.EVERYONE, grace_days=0)
    browser.sign_in()
    assert browser.get(ENROLMENT).status_code == 200
    assert browser.post("/prefs/theme/", {"theme": "dark"}).status_code == 302
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.post("/accounts/logout/").status_code == 302
    assert browser.get("/accounts/login/").status_code == 200


def test_a_verified_session_is_not_asked_again(user, browser):
    SecurityPolicy.objects.create(second_factor=Required.EVERYONE, grace_days=0)
    enroll(user)
    browser.sign_in()
    browser.post("/accounts/login/second-factor/", {"code": fresh_code(user)})
    assert browser.get("/settings/profile/").status_code == 200


def test_a_stricter_policy_lets_the_days_of_grace_begin_anew(user, admin_browser):
    page = "/admin/security/securitypolicy/"
    chosen = {"passkeys": "unknown", "second_factor": "everyone", "grace_days": "3", "self_deletion": "on"}
    assert admin_browser.get(page).status_code == 200
    assert admin_browser.post(page, chosen).status_code == 302
    stored = SecurityPolicy.objects.get()
    assert stored.required_at
    assert policy.required_from(user) == stored.required_at + timedelta(days=3)
    admin_browser.post(page, {**chosen, "second_factor": "staff"})
    admin_browser.post(page, {**chosen, "second_factor": "staff", "grace_days": "9"})
    again = SecurityPolicy.objects.get()
    assert again.required_at == stored.required_at, "asking less begins nothing"
    assert policy.required_from(user) is None


def test_an_account_that_is_younger_than_the_policy_has_its_own_days(user):
    SecurityPolicy.objects.create(second_factor=Required.EVERYONE, required_at=user.date_joined - timedelta(days=90))
    assert policy.required_from(user) == user.date_joined + timedelta(days=7)
