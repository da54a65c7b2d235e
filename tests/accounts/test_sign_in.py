"""Signing in and out: one answer for whatever is wrong, sessions that really end."""

import re

import pytest

from accounts.models import User
from security.models import Session
from security.sessions import stored
from tests.accounts.conftest import PASSWORD


def bare(response) -> str:
    """The page without its tokens, and without what the visitor typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())
    return re.sub(r'value="[^"]*"', "", text)


def test_sign_in_by_name_leads_to_the_overview(user, browser):
    response = browser.sign_in()
    assert response.status_code == 302
    assert response["Location"] == "/overview/"


def test_sign_in_by_address_in_any_capitals_works_too(user, browser):
    assert browser.sign_in("MEI@example.com").status_code == 302


def test_sign_in_leads_back_to_the_page_that_asked_for_it(user, browser):
    asked = browser.get("/settings/profile/")
    assert asked["Location"] == "/accounts/login/?next=/settings/profile/"
    assert browser.sign_in(next="/settings/profile/")["Location"] == "/settings/profile/"


def test_no_session_is_made_for_who_only_looks(db, browser):
    browser.get("/accounts/login/")
    assert not Session.objects.exists()


@pytest.mark.req("A1")
def test_unknown_wrong_and_disabled_get_the_same_answer(user, browser, group):
    off = User.objects.create_user("off", "off@example.com", PASSWORD, group=group, is_active=False)
    bare_account = User.objects.create_user("none", "none@example.com", None, group=group)
    answers = [
        browser.sign_in("nobody"),
        browser.sign_in("nobody@example.com"),
        browser.sign_in("mei", "wrong password here"),
        browser.sign_in("mei@example.com", "wrong password here"),
        browser.sign_in(off.username),
        browser.sign_in(bare_account.username, "anything at all!"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({bare(answer) for answer in answers}) == 1
    assert "not right" in bare(answers[0])
    assert not Session.objects.filter(user__isnull=False).exists()


@pytest.mark.req("A1")
@pytest.mark.parametrize("login", ["nobody", "nobody@example.com", "mei", "mei@example.com", "off"])
def test_every_failure_costs_one_password_hash(user, browser, group, monkeypatch, login):
    User.objects.create_user("off", "off@example.com", PASSWORD, group=group, is_active=False)
    hashed: list[str] = []

    def count(name: str) -> None:
        plain = getattr(User, name)
        monkeypatch.setattr(User, name, lambda *args: (hashed.append(name), plain(*args))[1])  # type: ignore[func-returns-value]

    count("check_password")
    count("set_password")
    browser.sign_in(login, "wrong password here")
    assert len(hashed) == 1


@pytest.mark.req("B3")
def test_sign_out_ends_the_session_on_the_server(signed_in, new_browser):
    stolen = new_browser()
    stolen.cookies["session"] = signed_in.cookies["session"].value
    assert stolen.get("/settings/profile/").status_code == 200
    response = signed_in.post("/accounts/logout/")
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert stolen.get("/settings/profile/").status_code == 302
    assert not Session.objects.exists()


def test_sign_out_asks_before_it_acts(signed_in):
    assert "Sign out?" in signed_in.page("/accounts/logout/")
    assert Session.objects.count() == 1


@pytest.mark.req("B1")
def test_sign_in_makes_a_new_session_id(user, browser):
    session = browser.session  # planted by someone else
    session["planted"] = True
    session.save()
    planted = session.session_key
    assert browser.cookies["session"].value == planted
    browser.sign_in()
    assert browser.cookies["session"].value != planted
    assert not Session.objects.filter(session_key=stored(planted)).exists()


@pytest.mark.req("A13")
def test_an_old_hash_is_made_anew_at_sign_in(user, browser, settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2id", "django.contrib.auth.hashers.MD5PasswordHasher"]
    assert user.password.startswith("md5$")
    browser.sign_in()
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "junk", ["", " ", "\0", "x" * 300, "a\r\nb", "\u202emei", "\uff4dei", "mei'--", "{{7*7}}", "%s"]
)
def test_junk_in_the_form_is_refused_without_a_crash(user, browser, junk):
    assert browser.sign_in(junk, junk).status_code in {422, 429}


def test_a_post_without_token_is_refused(user, new_browser):
    strict = new_browser(enforce_csrf_checks=True)
    assert strict.sign_in().status_code == 403


def test_signed_in_people_are_sent_on_from_the_sign_in_page(signed_in):
    assert signed_in.get("/accounts/login/")["Location"] == "/overview/"
