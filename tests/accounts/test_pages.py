"""Every page of this room: headers, cookies, tokens, and no crash whatever is asked."""

import re

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC

from security.models import Session
from tests.accounts.conftest import fresh_path

OPEN = [
    "/accounts/login/",
    "/accounts/login/second-factor/",
    "/accounts/signup/",
    "/accounts/logout/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-x/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/x:y:z/",
    "/accounts/",
    "/setup/",
    "/setup/?token=x",
    "/nothing/here/",
]
PRIVATE = [
    "/settings/profile/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/password/set/",
    "/accounts/reauthenticate/",
    "/accounts/reauthenticate/code/",
    "/settings/security/two-factor/",
    "/settings/security/two-factor/off/",
    "/settings/security/two-factor/codes/",
    "/admin/",
    "/admin/accounts/user/",
]
FORMS = [
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/change/",
    "/accounts/password/set/",
    "/accounts/reauthenticate/",
    "/accounts/reauthenticate/code/",
    "/settings/security/two-factor/",
    "/settings/security/two-factor/off/",
    "/settings/security/two-factor/codes/",
    "/accounts/email/",
    "/settings/profile/",
    "/setup/?token=x",
    "/admin/accounts/user/add/",
]
INLINE = re.compile(
    r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)(?![^>]*application/json)|javascript:", re.IGNORECASE
)


def holds_up(response) -> None:
    """The headers of I3 to I5 and I9, and nothing inline."""
    policy = response["Content-Security-Policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert "no-store" in response["Cache-Control"]
    assert "camera=()" in response["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response
    if response.get("Content-Type", "").startswith("text/html"):
        assert not INLINE.search(response.content.decode()), INLINE.search(response.content.decode())


@pytest.mark.req("I3", "I4", "I5", "I9")
@pytest.mark.parametrize("path", OPEN + PRIVATE)
def test_pages_for_strangers_hold_up(user, browser, path):
    response = browser.get(path)
    assert response.status_code < 500
    holds_up(response)
    if path in PRIVATE:
        assert response.status_code == 302
        assert response["Location"].startswith(("/accounts/login/", "/admin/login/"))


@pytest.mark.req("I3", "I4", "I5", "I9")
@pytest.mark.parametrize("path", OPEN + PRIVATE)
def test_pages_for_an_administrator_hold_up(admin_browser, path):
    response = admin_browser.get(path)
    assert response.status_code < 500
    holds_up(response)


def test_the_page_of_a_good_reset_link_holds_up(user, browser, mailed_link):
    page = browser.get(browser.get(mailed_link("/accounts/password/reset/key/"))["Location"])
    assert "Choose a new password" in page.content.decode()
    holds_up(page)


def test_the_page_that_confirms_an_address_holds_up(user, browser):
    address = EmailAddress.objects.create(user=user, email=user.email)
    page = browser.get(f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/")
    assert "Confirm your address" in page.content.decode()
    holds_up(page)


def test_the_page_of_the_first_run_holds_up(group, browser):
    holds_up(browser.get(fresh_path()))


@pytest.mark.req("I1")
@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_taken_without_its_token(admin, new_browser, path):
    strict = new_browser(enforce_csrf_checks=True)
    strict.force_login(admin)
    refused = strict.post(path, {"username": "x"})
    assert refused.status_code == 403
    holds_up(refused)


@pytest.mark.req("B7")
def test_every_cookie_is_http_only_and_lax(user, browser):
    for response in (browser.get("/accounts/login/"), browser.sign_in(), browser.get("/settings/profile/")):
        for cookie in response.cookies.values():
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"
            assert cookie["path"] == "/"
            assert not cookie["domain"]


@pytest.mark.req("I7")
@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:8000", "", "a b", "[::1", "127.0.0.1.nip.io", "10.0.0.1"],
)
def test_pages_answer_to_their_own_name_only(db, browser, host):
    assert browser.get("/accounts/login/", headers={"host": host or "evil.example"}).status_code == 400


@pytest.mark.req("I2")
def test_looking_changes_nothing(admin_browser, django_assert_num_queries):
    before = Session.objects.values_list("session_data", flat=True).get()
    for path in PRIVATE:
        admin_browser.get(path)
    assert Session.objects.values_list("session_data", flat=True).get() == before


@pytest.mark.req("I20")
@pytest.mark.parametrize("method", ["trace", "put", "delete", "patch"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/settings/profile/", "/setup/"])
def test_other_methods_are_refused(signed_in, path, method):
    assert signed_in.generic(method.upper(), path).status_code in {302, 403, 404, 405, 422}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"])
def test_pages_speak_both_languages(db, browser, path, language):
    page = browser.get(path, headers={"accept-language": language})
    assert page["Content-Language"] == language
    assert page.status_code in {200, 403}
