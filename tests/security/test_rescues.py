"""A passkey opens what guessers have closed, and stands in where there is no password."""

import json
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest

from accounts import limits
from accounts.models import User
from tests.accounts.conftest import Browser
from tests.second_factor import enroll, wrong
from tests.security.softkey import SoftKey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SIGN_IN, SUDO, CODE = "/accounts/login/passkey/", "/accounts/reauthenticate/passkey/", "/accounts/login/second-factor/"
NEW_USER = {"user": {"id": "AAAA"}, "rp": {"id": "localhost"}}
GUARDED, GUESS = "/accounts/email/", "a wrong passphrase"


def guess(times: int, network: int) -> list[int]:
    return [Browser(f"10.1.{network}.{number}").sign_in(password=GUESS).status_code for number in range(times)]


def by_passkey(browser: Browser, key: SoftKey, path: str = SIGN_IN) -> int:
    answer = key.get(browser.post(path + "options/").json())
    return browser.post(path, {"credential": json.dumps(answer)}).status_code


@pytest.mark.req("A5")
def test_an_owner_gets_in_by_passkey_at_once_while_guessers_stay_out(user, passkey, key, new_browser):
    assert guess(7, 0) == [HTTPStatus.UNPROCESSABLE_ENTITY] * 5 + [HTTPStatus.TOO_MANY_REQUESTS] * 2
    owner = new_browser("198.51.100.20")  # one that the account has never signed in from
    assert owner.sign_in().status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert by_passkey(owner, key) == HTTPStatus.OK
    assert owner.get("/overview/").status_code == HTTPStatus.OK
    assert guess(2, 1) == [HTTPStatus.TOO_MANY_REQUESTS] * 2, "the door stays shut to the others"


@pytest.mark.req("A5")
def test_a_hundred_guesses_in_a_row_do_not_close_this_door(user, passkey, key, new_browser):
    in_a_row = limits.Rule(limits.SIGN_IN_ACCOUNT.kind, ((100, limits.FOR_GOOD),))
    for _ in range(100):
        limits.take(in_a_row, limits.account(user.pk))
    owner = new_browser("198.51.100.20")
    refused = owner.sign_in()
    assert (refused.status_code, "Retry-After" in refused) == (HTTPStatus.TOO_MANY_REQUESTS, False)
    assert by_passkey(owner, key) == HTTPStatus.OK


@pytest.mark.req("A5", "A16")
def test_who_knows_the_password_cannot_lock_the_owner_out_by_codes(user, passkey, key, new_browser):
    enroll(user)
    thief = new_browser("198.51.100.77")
    thief.sign_in()
    codes = [thief.post(CODE, {"code": wrong(user)}).status_code for _ in range(6)]
    assert codes == [HTTPStatus.UNPROCESSABLE_ENTITY] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]
    owner = new_browser("198.51.100.20")
    assert by_passkey(owner, key) == HTTPStatus.OK
    assert owner.get("/overview/").status_code == HTTPStatus.OK, "it stands for both factors"


@pytest.fixture
def without_password(user, passkey, key, browser) -> Browser:
    """A browser of an account that has a passkey and no password, an hour after it signed in."""
    User.objects.filter(pk=user.pk).update(password="!unusable")
    assert by_passkey(browser, key) == HTTPStatus.OK
    session = browser.session
    session.pop("sudo", None)
    session.save()
    return browser


@pytest.mark.req("C3")
def test_an_account_without_a_password_confirms_by_passkey(without_password, key):
    asked = without_password.get(GUARDED)
    assert urlsplit(asked["Location"]).path == SUDO
    assert by_passkey(without_password, key, SUDO) == HTTPStatus.OK
    assert without_password.get(GUARDED).status_code == HTTPStatus.OK


@pytest.mark.req("C3")
def test_and_by_nothing_less(without_password, key):
    assert without_password.get("/overview/").status_code == HTTPStatus.OK
    assert without_password.post("/accounts/reauthenticate/", {"password": ""}).status_code != HTTPStatus.OK
    answer = SoftKey().create(without_password.post("/accounts/reauthenticate/passkey/options/").json() | NEW_USER)
    refused = without_password.post(SUDO, {"credential": json.dumps(answer)})
    assert refused.status_code == HTTPStatus.BAD_REQUEST, "a key that nobody has registered"
    assert urlsplit(without_password.get(GUARDED)["Location"]).path == SUDO
