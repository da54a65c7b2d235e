"""The pages of two-factor authentication: three steps to turn it on, two proofs to turn it off, and new codes."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pyotp
import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from security import factors, recovery
from security.models import Event, RecoveryCode, Session, TOTPDevice
from tests.accounts.conftest import PASSWORD
from tests.second_factor import code, enroll, fresh_code, wrong
from tests.security.test_redirects import PROBES, here

PAGE, OFF, CODES = (f"/settings/security/two-factor/{end}" for end in ("", "off/", "codes/"))
START = timezone.now().replace(minute=0, second=0, microsecond=0)
CODE = re.compile(r"<li>((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})</li>")


def shown(browser) -> tuple[str, list[str]]:
    """The key and the codes that the set-up page shows."""
    page = browser.page(PAGE)
    found = re.search(r'<code id="totp-key">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", ""), CODE.findall(page)


def complete(browser, **fields):
    secret, _ = shown(browser)
    return browser.post(PAGE, {"stored": "on", "code": pyotp.TOTP(secret).now(), **fields})


@pytest.fixture
def begun(user, signed_in):
    """A browser in the middle of the set-up."""
    assert signed_in.post(PAGE, {"begin": "1"})["Location"] == PAGE
    return signed_in


@pytest.mark.req("D9")
def test_the_page_has_square_key_codes_and_button_in_this_order(begun):
    page = begun.page(PAGE)
    places = [
        page.index(part)
        for part in (
            "<svg width=",
            'id="totp-key"',
            'class="codes"',
            "data-download",
            "data-print",
            'name="stored"',
            'name="code"',
            "Complete setup and enable two-factor authentication",
        )
    ]
    assert places == sorted(places)
    secret, codes = shown(begun)
    assert len(secret) == 32
    assert len(set(codes)) == 10


@pytest.mark.req("D9")
def test_looking_begins_nothing(user, signed_in):
    assert "Set up" in signed_in.page(PAGE)
    assert not TOTPDevice.objects.exists()


@pytest.mark.req("D9")
def test_leaving_at_any_step_leaves_nothing_on(user, begun, new_browser):
    first = shown(begun)
    assert shown(begun) == first, "a reload shows the same"
    assert not factors.enabled(user)
    assert not RecoveryCode.objects.exists()
    begun.post(PAGE, {"code": pyotp.TOTP(first[0]).now()})
    assert not factors.enabled(user), "the codes are not stored yet"
    assert new_browser().sign_in()["Location"] == "/overview/"


@pytest.mark.req("D9")
def test_a_wrong_code_keeps_the_secret_and_hints_at_the_clock(user, begun):
    first = shown(begun)
    answer = complete(begun, code="000000" if pyotp.TOTP(first[0]).now() != "000000" else "111111")
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert "clock" in page
    assert first[1] == CODE.findall(page)
    assert shown(begun) == first
    assert complete(begun).status_code == 302


@pytest.mark.req("D9")
def test_codes_that_are_not_stored_stop_the_set_up(user, begun):
    answer = complete(begun, stored="")
    assert answer.status_code == 422
    assert "Store the codes first." in answer.content.decode()
    assert not factors.enabled(user)


@pytest.mark.req("D9", "B1", "B4", "E3")
def test_the_last_step_turns_it_on_in_a_verified_session_of_its_own(user, begun, new_browser):
    other = new_browser()
    other.sign_in()
    before = begun.cookies["session"].value
    _, codes = shown(begun)
    assert complete(begun)["Location"] == PAGE
    assert factors.enabled(user)
    assert begun.cookies["session"].value != before
    assert begun.get(PAGE).wsgi_request.user.is_verified()
    assert other.get(PAGE).status_code == 302, "other sessions have ended"
    page = begun.page(PAGE)
    assert "10 codes are left." in page
    assert not [code for code in codes if code in page], "they are shown no more"
    assert recovery.verify(user, codes[0])


@pytest.mark.req("C1")
@pytest.mark.parametrize("path", [PAGE, OFF, CODES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_step_is_behind_the_step_up(user, browser, path, method):
    enroll(user)
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        browser.confirm(user)
        clock.shift(timedelta(minutes=11))
        body = {"begin": "1", "password": PASSWORD, "code": code(user)}
        asked = getattr(browser, method)(path, body)
        assert asked.status_code == 302
        assert asked["Location"].startswith("/accounts/reauthenticate/code/")
        assert factors.enabled(user)
        assert recovery.left(user) == 10


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_the_set_up_leads_nowhere_off_the_site(user, begun, probe):
    secret, _ = shown(begun)
    done = begun.post(f"{PAGE}?{urlencode({'next': probe})}", {"stored": "on", "code": pyotp.TOTP(secret).now()})
    assert here(done), done["Location"]


def test_a_set_up_that_is_over_is_said_to_be(user, begun):
    TOTPDevice.objects.update(created_at=timezone.now() - timedelta(hours=2))
    answer = begun.post(PAGE, {"stored": "on", "code": "123456"}, follow=True)
    assert "This set-up is over." in answer.content.decode()
    assert not factors.enabled(user)


def test_beginning_twice_does_no_harm(user, begun):
    complete(begun)
    begun.post(PAGE, {"begin": "1"})
    assert factors.enabled(user)
    assert TOTPDevice.objects.count() == 1


@pytest.fixture
def on(user, browser):
    """A browser of an account with a second factor, signed in just now."""
    enroll(user)
    browser.sign_in()
    browser.confirm(user)
    return browser


@pytest.mark.req("D10")
@pytest.mark.parametrize(
    ("password", "right_code", "passes"),
    [(PASSWORD, True, True), (PASSWORD, False, False), ("wrong", True, False), ("wrong", False, False)],
)
def test_off_takes_password_and_code(user, on, password, right_code, passes):
    answer = on.post(OFF, {"password": password, "code": fresh_code(user) if right_code else wrong(user)})
    assert answer.status_code == (302 if passes else 422)
    assert factors.enabled(user) is not passes


def test_a_wrong_password_does_not_use_the_code_up(user, on):
    digits = fresh_code(user)
    on.post(OFF, {"password": "wrong", "code": digits})
    assert on.post(OFF, {"password": PASSWORD, "code": digits}).status_code == 302


@pytest.mark.req("D10", "B4", "A17")
def test_off_ends_the_other_sessions_and_is_written_down(user, on, new_browser):
    other = new_browser()
    other.sign_in()
    other.confirm(user)
    assert on.post(OFF, {"password": PASSWORD, "code": fresh_code(user)})["Location"] == PAGE
    assert Session.objects.filter(user=user).count() == 1
    assert not TOTPDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert Event.objects.filter(kind=Event.Kind.TOTP_OFF).count() == 1
    assert not on.get(PAGE).wsgi_request.user.is_verified()


@pytest.mark.req("D10")
def test_without_a_password_off_takes_a_proof_beside_the_code(user, on):
    User.objects.filter(pk=user.pk).update(password="!unusable")
    on.force_login(User.objects.get())
    on.post("/accounts/reauthenticate/code/", {"code": fresh_code(user)})
    asked = on.get(OFF)
    assert asked["Location"].startswith("/accounts/reauthenticate/nothing/?")
    assert "need=other" in asked["Location"]
    assert on.post(OFF, {"code": fresh_code(user)}).status_code == 302
    assert factors.enabled(user)


@pytest.mark.usefixtures("noon")
@pytest.mark.req("D5")
def test_off_shares_the_limit_of_codes(user, on):
    for _ in range(5):
        assert on.post(OFF, {"password": PASSWORD, "code": wrong(user)}).status_code == 422
    assert on.post(OFF, {"password": PASSWORD, "code": fresh_code(user)}).status_code == 429


def test_there_is_nothing_to_turn_off_or_renew_while_it_is_off(user, signed_in):
    for path in (OFF, CODES):
        assert signed_in.get(path)["Location"] == PAGE
        assert signed_in.post(path)["Location"] == PAGE


@pytest.mark.req("E3")
def test_new_codes_are_asked_for_made_and_shown_once(user, on):
    old = RecoveryCode.objects.values_list("digest", flat=True)
    before = set(old)
    assert "10 codes are left." in on.page(CODES)
    assert set(old.all()) == before, "asking makes none"
    made = on.post(CODES)
    codes = CODE.findall(made.content.decode())
    assert len(codes) == 10
    assert "no-store" in made["Cache-Control"]
    assert not before & set(old.all())
    assert not CODE.findall(on.page(CODES))
    assert recovery.verify(user, codes[0])


def test_few_codes_are_marked_on_the_page(user, browser):
    codes = enroll(user)
    browser.sign_in()
    browser.confirm(user)
    assert "Few left" not in browser.page(PAGE)
    for one in codes[:7]:
        recovery.verify(user, one)
    page = browser.page(PAGE)
    assert "3 codes are left." in page
    assert "Few left" in page


@pytest.mark.req("I19")
def test_secret_and_codes_are_kept_out_of_caches(begun):
    assert "no-store" in begun.get(PAGE)["Cache-Control"]


@pytest.mark.parametrize("path", [PAGE, OFF, CODES])
def test_other_methods_are_refused_on(user, on, path):
    assert on.put(path).status_code == 405
    assert on.delete(path).status_code == 405
