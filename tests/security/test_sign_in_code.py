"""The last step of a sign-in: nobody who has a second factor gets in without it, whichever way they came."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts import limits, services
from accounts.models import User
from security import factors, recovery, totp
from security.models import Event, RecoveryCode, Session
from security.sessions import stored
from tests.accounts.conftest import PASSWORD
from tests.second_factor import WIDE, code, enroll, fresh_code, wrong

PAGE = "/accounts/login/second-factor/"
INSIDE = "/settings/profile/"
START = timezone.now().replace(minute=0, second=0, microsecond=0)
DEAD = "AAAA-" * 5 + "AAAA"


@pytest.fixture
def codes(user) -> list[str]:
    """The recovery codes of an account with a second factor."""
    return enroll(user)


def inside(browser) -> bool:
    return bool(browser.get(INSIDE).status_code == 200)


@pytest.mark.req("A16")
def test_a_password_alone_opens_nothing(user, codes, browser):
    assert browser.sign_in()["Location"] == PAGE
    assert not inside(browser)
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0] == PAGE
    assert browser.get("/accounts/email/").status_code == 302
    assert not Session.objects.filter(user=user).exists()


@pytest.mark.req("A16")
def test_the_code_finishes_the_sign_in_with_a_verified_session(user, codes, browser):
    browser.sign_in(next="/keys/?page=2")
    answer = browser.post(PAGE, {"code": code(user)})
    assert answer["Location"] == "/keys/?page=2"
    assert inside(browser)
    assert browser.get(INSIDE).wsgi_request.user.is_verified()
    assert browser.get("/accounts/email/").status_code == 200, "password and code open the sudo window"


@pytest.mark.req("A16")
def test_a_recovery_code_stands_in_for_the_app(user, codes, browser):
    browser.sign_in()
    assert "Recovery code" in browser.page(f"{PAGE}?recovery=1")
    assert browser.post(f"{PAGE}?recovery=1", {"code": codes[0].lower()}).status_code == 302
    assert browser.get(INSIDE).wsgi_request.user.is_verified()
    assert recovery.left(user) == 9


@pytest.mark.req("A16", "A14")
def test_a_reset_of_the_password_keeps_the_second_factor(user, codes, browser, mailed_link):
    page = browser.get(mailed_link("/accounts/password/reset/key/"))["Location"]
    chosen = {"password1": "another good passphrase", "password2": "another good passphrase"}
    assert browser.post(page, chosen).status_code == 302
    assert not inside(browser), "a reset signs nobody in"
    assert browser.sign_in(password="another good passphrase")["Location"] == PAGE
    assert not inside(browser)


@pytest.mark.req("A16", "D7")
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?recovery=1"])
def test_nobody_gets_to_the_page_without_a_password(user, codes, browser, path):
    assert browser.get(path)["Location"] == "/accounts/login/"
    assert browser.post(path, {"code": code(user)})["Location"] == "/accounts/login/"
    assert not inside(browser)


def test_the_page_offers_what_phones_and_people_need(user, codes, browser):
    browser.sign_in()
    page = browser.page(PAGE)
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert f'href="{PAGE}?recovery=1"' in page
    assert 'name="cancel"' in page


def test_cancel_ends_the_sign_in(user, codes, browser):
    browser.sign_in()
    assert browser.post(PAGE, {"cancel": "1", "code": code(user)})["Location"] == "/accounts/login/"
    assert browser.get(PAGE)["Location"] == "/accounts/login/"


def test_the_sign_in_page_leads_back_to_the_waiting_step(user, codes, browser):
    browser.sign_in()
    assert browser.get("/accounts/login/")["Location"] == PAGE


@pytest.mark.req("D7")
def test_a_sign_in_waits_five_minutes_for_its_code(user, codes, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(seconds=300))
        assert browser.get(PAGE).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert browser.post(PAGE, {"code": code(user)})["Location"] == "/accounts/login/"
        assert not inside(browser)


@pytest.mark.req("D7")
def test_a_code_of_somebody_else_finishes_nothing(user, codes, admin, browser, new_browser):
    enroll(admin, secret="K" * 32)
    browser.sign_in()
    other = new_browser("198.51.100.20")
    other.sign_in("root", "quite a long passphrase")
    assert browser.post(PAGE, {"code": code(admin)}).status_code == 422
    browser.cookies, other.cookies = other.cookies, browser.cookies
    assert browser.post(PAGE, {"code": code(admin)}).status_code == 302, "the cookie carries the sign-in that waits"
    assert browser.get(INSIDE).wsgi_request.user.username == "root"
    assert not inside(other)


@pytest.mark.req("D7")
def test_a_changed_password_ends_a_sign_in_that_waits(user, codes, browser):
    browser.sign_in()
    services.set_password(user, "another good passphrase")
    assert browser.post(PAGE, {"code": code(user)})["Location"] == "/accounts/login/"
    assert not inside(browser)


@pytest.mark.req("D7")
def test_a_disabled_account_does_not_finish_its_sign_in(user, codes, browser):
    browser.sign_in()
    services.disable(user)
    assert browser.post(PAGE, {"code": code(user)})["Location"] == "/accounts/login/"
    services.enable(user)
    assert not inside(browser)


def test_a_factor_turned_off_meanwhile_is_not_waited_for(user, codes, browser):
    browser.sign_in()
    totp.remove(user)
    assert browser.get(PAGE)["Location"] == "/overview/"
    assert inside(browser)
    assert not browser.get(INSIDE).wsgi_request.user.is_verified()


@pytest.mark.req("B1")
def test_the_session_of_the_waiting_step_is_not_the_one_that_is_signed_in(user, codes, browser):
    browser.get("/accounts/login/")
    browser.sign_in()
    before = browser.cookies["session"].value
    browser.post(PAGE, {"code": code(user)})
    after = browser.cookies["session"].value
    assert after != before
    assert not Session.objects.filter(session_key=stored(before)).exists()


@pytest.mark.req("D2")
def test_a_code_signs_in_once(user, codes, browser, new_browser):
    with time_machine.travel(START, tick=False):
        browser.sign_in()
        assert browser.post(PAGE, {"code": code(user)}).status_code == 302
        thief = new_browser("198.51.100.66")
        thief.sign_in()
        for steps in (0, -1):
            assert thief.post(PAGE, {"code": code(user, steps=steps)}).status_code == 422
        assert not inside(thief)


@pytest.mark.req("D5", "E4")
def test_codes_and_recovery_codes_share_five_tries_in_five_minutes(user, codes, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        tries = [wrong(user), DEAD, wrong(user), DEAD, wrong(user)]
        assert [browser.post(PAGE, {"code": typed}).status_code for typed in tries] == [422] * 5
        reached = browser.post(PAGE, {"code": code(user)})
        assert (reached.status_code, reached["Retry-After"]) == (429, "300")
        assert browser.post(f"{PAGE}?recovery=1", {"code": codes[0]}).status_code == 429
        assert recovery.left(user) == 10
        clock.shift(timedelta(seconds=300))
        browser.sign_in()
        assert browser.post(PAGE, {"code": code(user)}).status_code == 302


@pytest.mark.req("D5")
def test_the_limit_is_of_the_account_over_all_its_sessions(user, codes, new_browser):
    statuses = []
    with time_machine.travel(START, tick=False):
        for number in range(8):
            browser = new_browser(f"198.51.100.{number}")
            browser.sign_in()
            statuses.append(browser.post(PAGE, {"code": wrong(user)}).status_code)
    assert statuses == [422] * 5 + [429] * 3


@pytest.mark.req("D5")
def test_guessing_goes_on_at_twenty_an_hour_and_fifty_a_day(user, codes):
    checked: dict[timedelta, int] = {}
    with time_machine.travel(START.replace(hour=0), tick=False) as clock:
        for minutes in range(5, 24 * 60 + 1, 5):
            for _ in range(6):
                try:
                    factors.verify(user, DEAD, browser=None)
                except factors.WrongCode:
                    passed = timedelta(minutes=minutes)
                    checked[passed] = checked.get(passed, 0) + 1
                except limits.TooManyTries:
                    pass
            clock.shift(timedelta(minutes=5))
    assert max(checked.values()) == 5
    assert sum(number for passed, number in checked.items() if passed <= timedelta(hours=1)) == 20
    assert sum(checked.values()) == 50


@pytest.mark.req("D5")
def test_right_codes_are_not_counted(user, codes):
    for _ in range(30):
        assert factors.verify(user, fresh_code(user), browser=None).user == user


@pytest.mark.usefixtures("noon")
@pytest.mark.req("D6")
@pytest.mark.django_db(transaction=True)
def test_a_wrong_code_counts_though_the_request_fails_later(user, codes, browser, monkeypatch):
    browser.raise_request_exception = False
    browser.sign_in()
    monkeypatch.setattr("security.views.sign_in_code.entrance.sign_in_failed", lambda *_: 1 / 0)
    statuses = [browser.post(PAGE, {"code": wrong(user)}).status_code for _ in range(7)]
    assert statuses == [500] * 5 + [429] * 2


@pytest.mark.req("D6")
@pytest.mark.django_db(transaction=True)
def test_a_code_is_not_looked_at_where_its_count_could_be_taken_back(user, codes):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        factors.verify(user, code(user), browser=None)
    assert factors.verify(user, code(user), browser=None).user == user


def test_a_wrong_code_is_written_down(user, codes, browser):
    browser.sign_in()
    browser.post(PAGE, {"code": wrong(user)})
    assert Event.objects.filter(user=user, kind=Event.Kind.SIGN_IN_FAILED).count() == 1


@pytest.mark.req("A16")
def test_turning_it_on_does_not_shut_its_owner_out(user, signed_in, new_browser):
    enroll(user)
    assert inside(signed_in)
    assert not signed_in.get(INSIDE).wsgi_request.user.is_verified()
    assert new_browser().sign_in()["Location"] == PAGE


@pytest.mark.parametrize("typed", ["", " ", "x" * 5000, "\x00", "1" * 64, "<script>", "123456".translate(WIDE)])
def test_whatever_is_typed_is_refused_in_words(user, codes, browser, typed):
    browser.sign_in()
    assert browser.post(PAGE, {"code": typed}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 10
    assert User.objects.get().last_login is None


def test_the_password_is_not_the_code(user, codes, browser):
    browser.sign_in()
    assert browser.post(PAGE, {"code": PASSWORD}).status_code == 422
