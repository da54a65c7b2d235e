"""Accounts without a password confirm who is there at their provider, by a proof given there just now."""

import time

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from security.models import SecurityPolicy
from tests.second_factor import enroll
from tests.security.test_visits import asked
from tests.security.visits import PROFILE, come_back, confirm, is_signed_in, leave, sign_in, sign_up

pytestmark = pytest.mark.django_db
PAGE = "/accounts/reauthenticate/provider/"
GUARDED = "/accounts/email/"


@pytest.fixture
def inside(social, browser, idp):
    """A browser in which an account without a password has signed in by its provider."""
    sign_in(browser, idp)
    assert is_signed_in(browser) == social
    return browser


@pytest.mark.req("C3")
def test_signing_in_by_a_provider_opens_no_window(inside):
    assert inside.get(GUARDED)["Location"] == f"{PAGE}?next=/accounts/email/".replace(
        "/accounts/email/", "%2Faccounts%2Femail%2F"
    )


@pytest.mark.req("C3")
def test_signing_up_by_a_provider_opens_none_either(browser, idp, settings, group):
    settings.SIGNUP = "open"
    sign_in(browser, idp)
    sign_up(browser)
    assert is_signed_in(browser)
    assert browser.get(GUARDED).status_code == 302


@pytest.mark.req("C3")
def test_a_proof_given_there_just_now_opens_it(inside, idp):
    asked_for = asked(leave(inside, PAGE, provider="acme"))
    assert (asked_for["prompt"], asked_for["max_age"]) == ("login", "0")
    assert confirm(inside, idp, GUARDED)["Location"] == GUARDED
    assert inside.get(GUARDED).status_code == 200


@pytest.mark.req("C3")
@pytest.mark.parametrize("age", [301, -31, None, "now", True])
def test_one_given_earlier_or_never_does_not(inside, idp, age):
    with time_machine.travel(time.time(), tick=False):  # the clock's own second decides between -30 and -31
        idp.claims = {"auth_time": int(time.time()) - age if type(age) is int else age}
        assert confirm(inside, idp).status_code == 400
    assert inside.get(GUARDED).status_code == 302


@pytest.mark.req("C3")
def test_a_proof_of_299_seconds_counts(inside, idp):
    idp.claims = {"auth_time": int(time.time()) - 295}
    assert confirm(inside, idp, GUARDED).status_code == 302
    assert inside.get(GUARDED).status_code == 200


@pytest.mark.req("C3")
@pytest.mark.parametrize("owner", ["stranger", None])
def test_another_person_there_proves_nothing(inside, idp, request, owner):
    idp.person = {"sub": "u-2"}
    if owner:
        SocialAccount.objects.create(user=request.getfixturevalue(owner), provider="acme", uid="u-2")
    assert confirm(inside, idp).status_code == 400
    assert inside.get(GUARDED).status_code == 302


@pytest.mark.req("C3")
def test_a_visit_to_sign_in_does_not_confirm(social, browser, idp):
    url = leave(browser, "/accounts/providers/acme/sign-in/")
    come_back(browser, url, idp)
    assert browser.get(GUARDED).status_code == 302


@pytest.mark.req("C3")
def test_who_has_a_password_is_not_sent_there(bound, signed_in):
    session = signed_in.session
    del session["sudo"]
    session.save()
    assert signed_in.get(PAGE)["Location"].startswith("/accounts/reauthenticate/?")


@pytest.mark.req("C3", "A16")
def test_it_works_where_nothing_else_does_before_a_second_factor_is_set_up(inside, idp):
    SecurityPolicy.objects.create(second_factor=SecurityPolicy.Required.EVERYONE, grace_days=0)
    assert inside.get(PROFILE)["Location"].startswith("/settings/security/two-factor/")
    assert inside.post("/settings/security/two-factor/")["Location"].startswith(PAGE)
    assert inside.get(PAGE).status_code == 200
    assert confirm(inside, idp, "/settings/security/two-factor/")["Location"] == "/settings/security/two-factor/"
    assert inside.get(PROFILE)["Location"].startswith("/settings/security/two-factor/"), "no way around it"


@pytest.mark.req("C3", "C2")
def test_a_second_factor_is_asked_for_instead(inside, social, idp):
    url = leave(inside, PAGE, provider="acme")
    enroll(social)
    assert inside.get(PAGE)["Location"].startswith("/accounts/reauthenticate/code/")
    assert come_back(inside, url, idp).status_code == 400, "nor by a visit that began before"


@pytest.mark.req("C3")
def test_github_cannot_confirm(user, browser, idp):
    SocialAccount.objects.create(user=user, provider="github", uid="77", extra_data={"name": "ann"})
    User.objects.update(password="!")
    idp.person = {"sub": 77, "preferred_username": "ann"}
    sign_in(browser, idp, "github")
    assert is_signed_in(browser) == user
    assert browser.get(GUARDED)["Location"].startswith("/accounts/reauthenticate/nothing/")
    assert browser.post(PAGE, {"provider": "github"}).status_code == 302


@pytest.mark.req("A16")
@pytest.mark.parametrize("provider", ["acme", "github"])
def test_a_provider_does_not_stand_for_the_second_factor(user, browser, idp, provider):
    idp.person = {"sub": 77, "preferred_username": "ann"} if provider == "github" else {"sub": "u-1"}
    SocialAccount.objects.create(user=user, provider=provider, uid=str(idp.person["sub"]))
    enroll(user)
    assert sign_in(browser, idp, provider)["Location"] == "/accounts/login/second-factor/"
    assert is_signed_in(browser) is None
    assert browser.get(PROFILE).status_code == 302
    browser.confirm(user)
    assert is_signed_in(browser) == user
