"""The pages of passkeys: register, sign in, confirm, rename, remove, and what each refuses."""

import json
from http import HTTPStatus
from secrets import token_bytes
from typing import Any
from urllib.parse import urlencode

import pytest

from security.models import Event, Passkey, SecurityPolicy
from tests.accounts.conftest import Browser
from tests.second_factor import enroll
from tests.security.ceremonies import kinds, register
from tests.security.softkey import SoftKey
from tests.security.test_redirects import PROBES

pytestmark = pytest.mark.django_db
SIGN_IN, SUDO = "/accounts/login/passkey/", "/accounts/reauthenticate/passkey/"
PAGE, NEW = "/settings/security/passkeys/", "/settings/security/passkeys/new/"
OFF = "Administrator has not enabled Passkey login"
GUARDED = "/settings/security/tokens/new/"
HERE = {"host": "localhost:8000"}  # passkeys belong to one host
ROUTES = (SIGN_IN, SIGN_IN + "options/", SUDO, SUDO + "options/", NEW + "options/", NEW + "confirm/")


def switch_off() -> None:
    SecurityPolicy.objects.update_or_create(pk=1, defaults={"passkeys": False})


def begin(browser: Browser, path: str) -> dict[str, Any]:
    answer = browser.post(path + "options/")
    assert answer.status_code == HTTPStatus.OK, answer.content
    return answer.json()


def come_in(browser: Browser, key: SoftKey, **more):
    """Sign in by a passkey; return the answer."""
    return browser.post(SIGN_IN, {"credential": json.dumps(key.get(begin(browser, SIGN_IN))), **more})


def add(browser: Browser, key: SoftKey, name: str = "Laptop"):
    return browser.post(NEW + "confirm/", {"name": name, "credential": json.dumps(key.create(begin(browser, NEW)))})


@pytest.mark.req("F3")
def test_a_passkey_is_added_named_and_shown(user, signed_in, key):
    assert add(signed_in, key, " Blue key ").json()["location"] == "/settings/security/#passkey-card"
    assert Passkey.objects.get().name == "Blue key"
    for page in (PAGE, "/settings/security/"):
        assert "Blue key" in signed_in.page(page)
    assert kinds(user)[-1] == Event.Kind.PASSKEY_ADDED


@pytest.mark.req("B4")
def test_adding_one_ends_the_other_sessions_and_keeps_this_one(user, signed_in, new_browser, key):
    other = new_browser()
    other.sign_in()
    add(signed_in, key)
    assert other.get(PAGE)["Location"].startswith("/accounts/login/")
    assert signed_in.get(PAGE).status_code == HTTPStatus.OK


@pytest.mark.req("A16", "F7")
def test_a_passkey_signs_in_without_a_name_and_stands_for_both_factors(user, browser, key, passkey):
    enroll(user)
    answer = come_in(browser, key)
    assert answer.json() == {"location": "/overview/"}
    assert browser.get(PAGE).status_code == HTTPStatus.OK
    assert browser.get(GUARDED).status_code == HTTPStatus.OK, "it has just been proven who is there"


@pytest.mark.req("I17")
def test_an_administrator_gets_into_admin_by_a_passkey(admin, browser, key):
    register(admin, key)
    come_in(browser, key)
    assert browser.get("/admin/").status_code == HTTPStatus.OK


@pytest.mark.req("B1")
def test_signing_in_makes_a_new_session(user, browser, key, passkey):
    options = begin(browser, SIGN_IN)
    before = browser.session.session_key
    browser.post(SIGN_IN, {"credential": json.dumps(key.get(options))})
    assert browser.session.session_key != before


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_signing_in_stays_on_the_site(user, browser, key, passkey, probe):
    assert come_in(browser, key, next=probe).json()["location"] == "/overview/"


def test_signing_in_leads_to_the_page_that_was_asked_for(user, browser, key, passkey):
    assert come_in(browser, key, next="/keys/").json()["location"] == "/keys/"


@pytest.mark.req("F1")
def test_an_answer_counts_once_and_in_its_own_session_only(user, browser, new_browser, key, passkey):
    raw = json.dumps(key.get(begin(browser, SIGN_IN)))
    thief = new_browser()
    begin(thief, SIGN_IN)
    assert thief.post(SIGN_IN, {"credential": raw}).status_code == HTTPStatus.BAD_REQUEST
    raw = json.dumps(key.get(begin(browser, SIGN_IN)))
    assert browser.post(SIGN_IN, {"credential": raw}).status_code == HTTPStatus.OK
    assert new_browser().post(SIGN_IN, {"credential": raw}).status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.req("F3")
def test_without_user_verification_nobody_gets_in(user, browser, key, passkey):
    key.verifies = False
    assert come_in(browser, key).status_code == HTTPStatus.BAD_REQUEST
    assert browser.get(PAGE).status_code == HTTPStatus.FOUND


@pytest.mark.req("F7")
def test_a_disabled_owner_is_refused_like_a_stranger(user, browser, key, passkey):
    foreign = come_in(browser, register_elsewhere(user))
    user.is_active = False
    user.save()
    disabled = come_in(browser, key)
    assert disabled.status_code == foreign.status_code == HTTPStatus.BAD_REQUEST
    assert disabled.content == foreign.content


def register_elsewhere(user) -> SoftKey:
    """An authenticator whose passkey was removed here."""
    key = SoftKey()
    register(user, key).delete()
    return key


@pytest.mark.req("C1", "C2")
def test_a_passkey_is_asked_for_first_and_opens_what_matters(user, browser, key, passkey):
    enroll(user)
    browser.sign_in()
    browser.confirm(user)
    lapse(browser)
    asked = browser.get(GUARDED)
    assert asked["Location"] == f"{SUDO}?{urlencode({'next': GUARDED})}"
    assert "Use a code" in browser.page(asked["Location"])
    before = browser.session.session_key
    answer = browser.post(SUDO, {"credential": json.dumps(key.get(begin(browser, SUDO))), "next": GUARDED})
    assert answer.json() == {"location": GUARDED}
    assert browser.get(GUARDED).status_code == HTTPStatus.OK
    assert browser.session.session_key != before
    assert kinds(user)[-1] == Event.Kind.SUDO


def lapse(browser: Browser) -> None:
    session = browser.session
    session.pop("sudo", None)
    session.save()


@pytest.mark.req("C4")
def test_five_wrong_answers_end_the_session(user, key, passkey, signed_in):
    for wrong in range(5):
        options = begin(signed_in, SUDO)
        answer = signed_in.post(SUDO, {"credential": json.dumps(SoftKey.get(key, options) | {"type": "nonsense"})})
        assert answer.status_code == (HTTPStatus.OK if wrong == 4 else HTTPStatus.BAD_REQUEST)
    assert answer.json()["location"].startswith("/accounts/login/")
    assert signed_in.get(PAGE).status_code == HTTPStatus.FOUND


def test_who_has_no_passkey_is_led_to_another_way(user, signed_in):
    assert signed_in.get(SUDO)["Location"].startswith("/accounts/reauthenticate/?")


@pytest.mark.req("F10")
@pytest.mark.parametrize("path", ROUTES)
def test_switched_off_every_step_says_so(user, key, passkey, signed_in, path):
    switch_off()
    answer = signed_in.post(path, {"name": "x", "credential": "{}"})
    assert (answer.status_code, answer.json()) == (HTTPStatus.FORBIDDEN, {"error": OFF})


@pytest.mark.req("F10")
def test_switched_off_the_buttons_are_gone_and_the_page_says_why(user, browser, signed_in, new_browser):
    stranger = new_browser()
    assert "data-passkey" in stranger.page("/accounts/login/", headers=HERE)
    switch_off()
    assert "data-passkey" not in stranger.page("/accounts/login/", headers=HERE)
    for page in (PAGE, "/settings/security/"):
        shown = signed_in.page(page, headers=HERE)
        assert "turned on passkeys" in shown
        assert NEW not in shown
    refused = signed_in.get(NEW, headers=HERE)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert OFF in refused.content.decode()
    assert "data-passkey" not in refused.content.decode()


@pytest.mark.req("F10")
def test_on_plain_http_the_page_says_why_there_are_none(user, signed_in, settings):
    settings.BASE_URL = "http://gate.example.com"
    assert "browsers offer them on https only" in signed_in.page(PAGE)
    assert signed_in.post(SIGN_IN + "options/").status_code == HTTPStatus.FORBIDDEN


def keep(user, number: int) -> None:
    """Add passkeys without ending the sessions that look on."""
    for _ in range(number):
        Passkey.objects.create(user=user, name="another", credential_id=token_bytes(16), public_key=b"-")


@pytest.mark.req("F8")
def test_an_eleventh_is_refused_with_words(user, signed_in):
    keep(user, 9)
    late = SoftKey()
    waiting = json.dumps(late.create(begin(signed_in, NEW)))
    keep(user, 1)
    for answer in (
        signed_in.post(NEW + "options/"),
        signed_in.post(NEW + "confirm/", {"name": "eleventh", "credential": waiting}),
    ):
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "which is the most" in answer.json()["error"]
    assert "which is the most" in signed_in.page(NEW, headers=HERE)
    assert Passkey.objects.count() == 10


@pytest.mark.req("F11")
@pytest.mark.parametrize("raw", ["", "null", "[]", '{"id": 7}', "[" * 5000, "é\x00", "x" * 70_000])
@pytest.mark.parametrize("path", [SIGN_IN, SUDO, NEW + "confirm/"])
def test_junk_is_refused_with_words(user, passkey, signed_in, path, raw):
    answer = signed_in.post(path, {"name": "x", "credential": raw})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["error"]


@pytest.mark.req("F8")
@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_a_bad_name_is_refused(user, key, passkey, signed_in, name):
    assert add(signed_in, SoftKey(), name).status_code == HTTPStatus.BAD_REQUEST
    answer = signed_in.post(f"{PAGE}{passkey.pk}/name/", {"name": name})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Passkey.objects.get().name == "Laptop"


def test_a_passkey_is_renamed(user, passkey, signed_in):
    assert signed_in.get(f"{PAGE}{passkey.pk}/name/").status_code == HTTPStatus.OK
    signed_in.post(f"{PAGE}{passkey.pk}/name/", {"name": "Phone"})
    assert Passkey.objects.get().name == "Phone"


@pytest.mark.req("F9")
def test_a_passkey_is_removed_after_a_proof(user, passkey, signed_in):
    path = f"{PAGE}{passkey.pk}/remove/"
    assert signed_in.get(path).status_code == HTTPStatus.OK
    lapse(signed_in)
    assert signed_in.post(path)["Location"].startswith(SUDO)
    assert Passkey.objects.exists()


@pytest.mark.req("F9")
def test_the_last_way_in_stays(user, passkey, signed_in):
    type(user).objects.filter(pk=user.pk).update(password="!")
    session = signed_in.session
    user.refresh_from_db()
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    answer = signed_in.post(f"{PAGE}{passkey.pk}/remove/")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "last way in" in answer.content.decode()
    assert Passkey.objects.exists()


@pytest.mark.req("I16")
@pytest.mark.parametrize("verb", ["name", "remove"])
def test_the_passkey_of_another_account_is_not_found(user, signed_in, stranger, verb):
    theirs = register(stranger, SoftKey())
    for answer in (signed_in.get(f"{PAGE}{theirs.pk}/{verb}/"), signed_in.post(f"{PAGE}{theirs.pk}/{verb}/")):
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_beginning_is_limited_for_one_client(user, browser):
    statuses = [browser.post(SIGN_IN + "options/").status_code for _ in range(121)]
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert set(statuses[:-1]) == {HTTPStatus.OK}
