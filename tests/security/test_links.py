"""Break-glass: a link from the command line signs in once, and nothing more than a password would."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import identities
from accounts.identities import Identity
from notifications.models import Delivery
from security import links
from security.models import Event, SignInLink
from tests.second_factor import enroll
from tests.security.visits import PROFILE, is_signed_in
from tests.together import together

pytestmark = pytest.mark.django_db


def path(user) -> str:
    return links.make(user).removeprefix("http://localhost:8000")


def test_it_signs_in_at_a_button_once(user, browser, new_browser):
    link = path(user)
    assert "Sign in as mei" in browser.page(link)
    assert is_signed_in(browser) is None, "looking uses nothing up"
    browser.post(link)
    assert is_signed_in(browser) == user
    other = new_browser()
    assert other.post(link).status_code == 404
    assert is_signed_in(other) is None


def test_it_opens_what_matters_so_that_a_password_can_be_chosen(user, browser):
    user.set_unusable_password()
    user.save()
    browser.post(path(user))
    assert browser.get("/accounts/password/set/").status_code == 200


def test_it_works_for_whom_a_provider_alone_signs_in(user, browser, idp, rule):
    rule(only=True)
    identities.keep(user, Identity("acme", "u-1", "ann", idp.url), made=True)
    browser.post(path(user))
    assert is_signed_in(browser) == user
    assert browser.get(PROFILE).status_code == 200
    assert browser.get("/accounts/password/set/")["Location"] == "/settings/security/"


@pytest.mark.req("A16")
def test_the_second_factor_is_still_asked_for(user, browser):
    enroll(user)
    assert browser.post(path(user))["Location"] == "/accounts/login/second-factor/"
    assert is_signed_in(browser) is None
    browser.confirm(user)
    assert is_signed_in(browser) == user


@pytest.mark.req("A17")
def test_its_owner_is_told(user):
    links.make(user)
    assert Event.objects.get(user=user).kind == "link-made"
    assert Delivery.objects.get().event == "security.link-made"


def test_only_the_newest_one_works(user, browser):
    old, new = path(user), path(user)
    assert browser.get(old).status_code == 404
    assert browser.get(new).status_code == 200


def test_it_is_over_after_30_minutes(user, browser):
    link = path(user)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert browser.post(link).status_code == 404
    assert is_signed_in(browser) is None


def test_it_lets_no_disabled_account_in(user, browser):
    link = path(user)
    user.is_active = False
    user.save()
    assert browser.post(link).status_code == 404
    with pytest.raises(links.Disabled):
        links.make(user)


def test_it_is_stored_as_a_digest(user):
    token = links.make(user).rpartition("=")[2]
    assert len(token) == 43
    assert token not in str(list(SignInLink.objects.values()))


@pytest.mark.parametrize("token", ["", "wrong", "\x00", "ü" * 5000])
def test_what_is_no_link_is_refused(user, browser, token):
    links.make(user)
    assert browser.get("/accounts/link/", {"token": token}).status_code == 404
    assert browser.post("/accounts/link/").status_code == 404


def test_guesses_are_counted(user, browser):
    link = path(user)
    for _ in range(10):
        browser.get("/accounts/link/?token=wrong")
    assert browser.get(link).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_signs_in(user):
    token = links.make(user).rpartition("=")[2]

    def attempt(_number: int) -> bool:
        try:
            links.claim(token)
        except links.LinkInvalid:
            return False
        return True

    assert together(20, attempt).count(True) == 1


def test_the_command_prints_it(user, browser):
    out = StringIO()
    call_command("user", "link", "mei", stdout=out)
    url = out.getvalue().split()[0]
    browser.post(url.removeprefix("http://localhost:8000"))
    assert is_signed_in(browser) == user


def test_the_command_tells_a_program_too(user, browser):
    out = StringIO()
    call_command("user", "link", "mei", "--json", stdout=out)
    facts = json.loads(out.getvalue())
    assert set(facts) == {"url", "expires_at"}
    assert timedelta(minutes=29) < datetime.fromisoformat(facts["expires_at"]) - timezone.now() <= links.LIFETIME
    browser.post(facts["url"].removeprefix("http://localhost:8000"))
    assert is_signed_in(browser) == user


@pytest.mark.parametrize(("name", "active"), [("nobody", True), ("mei", False)])
def test_the_command_says_why_there_is_none(user, capsys, name, active):
    user.is_active = active
    user.save()
    with pytest.raises((CommandError, SystemExit)):
        call_command("user", "link", name)
    assert not SignInLink.objects.exists()
