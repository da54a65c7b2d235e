"""Guessing passwords: what is let through, for one account and for one client."""

import pytest
import time_machine
from django.apps import apps

from accounts import services
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Browser
from tests.together import together

WRONG = "wrong password here"
NEW = "another good passphrase"
START = "2026-03-01T12:00:00Z"
pytestmark = pytest.mark.usefixtures("noon")


def guesses(times: int, login: str = "mei", network: int = 0) -> list[int]:
    """The answers to so many wrong passwords, each from another client."""
    return [
        Browser(f"10.{network}.{number // 250}.{number % 250}").sign_in(login, WRONG).status_code
        for number in range(times)
    ]


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """The passwords that were really looked at."""
    seen = []
    checked = User.check_password

    def counting(user: User, raw: str) -> bool:
        seen.append(raw)
        return checked(user, raw)

    monkeypatch.setattr(User, "check_password", counting)
    return seen


@pytest.mark.req("A3")
def test_five_wrong_passwords_close_an_account_for_five_minutes(user, counted):
    with time_machine.travel(START, tick=False) as clock:
        assert guesses(8) == [422] * 5 + [429] * 3
        assert len(counted) == 5
        clock.shift(300)
        assert guesses(2, network=1) == [422, 422]


@pytest.mark.req("A3")
def test_an_account_takes_twenty_guesses_an_hour_and_fifty_a_day(user, counted):
    with time_machine.travel("2026-03-01T00:00:00Z", tick=False) as clock:
        for five_minutes in range(12):
            guesses(6, network=five_minutes)
            clock.shift(300)
        assert len(counted) == 20
        for hour in range(8):
            for five_minutes in range(12):
                guesses(6, network=20 + hour * 12 + five_minutes)
                clock.shift(300)
        assert len(counted) == 50


@pytest.mark.req("A3")
def test_name_and_address_of_an_account_share_one_count(user, counted):
    guesses(3)
    assert guesses(5, "mei@example.com", network=1) == [422, 422, 429, 429, 429]
    assert len(counted) == 5


@pytest.mark.req("A1")
def test_names_without_an_account_are_counted_just_the_same(db):
    assert guesses(7, "nobody") == [422] * 5 + [429] * 2


def test_the_right_password_is_refused_while_an_account_is_closed(user, browser):
    guesses(5)
    assert browser.sign_in().status_code == 429


def test_a_closed_account_opens_by_the_clock_not_by_the_last_try(user, browser, noon):
    noon.shift(299)
    guesses(5)
    noon.shift(1)  # the next five minutes of the clock have tries of their own
    assert browser.sign_in().status_code == 302


def test_right_passwords_are_never_counted(user, new_browser):
    assert [new_browser().sign_in().status_code for _ in range(15)] == [302] * 15


@pytest.mark.req("A4")
def test_one_client_takes_ten_guesses_a_minute_over_all_accounts(db, counted):
    with time_machine.travel(START, tick=False) as clock:
        answers = [Browser().sign_in(f"user{number}", WRONG).status_code for number in range(30)]
        assert answers == [422] * 10 + [429] * 20
        clock.shift(60)
        assert Browser().sign_in("user99", WRONG).status_code == 422
        assert Browser("198.51.100.1").sign_in("user98", WRONG).status_code == 422


@pytest.mark.req("A4")
def test_one_ipv6_network_is_one_client(db):
    answers = [Browser(f"2001:db8::{number:x}").sign_in(f"user{number}", WRONG).status_code for number in range(12)]
    assert answers == [422] * 10 + [429] * 2


@pytest.mark.req("A4")
def test_one_client_takes_a_hundred_guesses_an_hour(db):
    passed = 0
    with time_machine.travel(START, tick=False) as clock:
        for minute in range(13):
            passed += sum(Browser().sign_in(f"user{minute}-{n}", WRONG).status_code == 422 for n in range(11))
            clock.shift(60)
    assert passed == 100


def test_the_refusal_says_when_to_come_back(user, browser):
    with time_machine.travel("2026-03-01T12:01:00Z", tick=False):
        guesses(5)
        refused = browser.sign_in()
    assert refused.status_code == 429
    assert refused["Retry-After"] == "240"
    assert "Try again in 4 minutes." in refused.content.decode()


@pytest.mark.req("K3")
def test_no_address_is_in_the_database_after_guessing(user):
    guesses(3)
    from_all_tables = _dump()
    assert "10.0.0." not in from_all_tables


def _dump() -> str:
    return str([list(model._default_manager.values()) for model in apps.get_models()])


@pytest.mark.req("A6")
@pytest.mark.django_db(transaction=True)
def test_two_hundred_guesses_at_once_are_no_more_than_five(user):
    answers = together(20, lambda number: guesses(10, network=number))
    assert sum(code == 422 for codes in answers for code in codes) == 5


@pytest.mark.req("A3")
def test_after_a_hundred_failures_in_a_row_only_a_reset_helps(user, counted, mailed_link, new_browser):
    with time_machine.travel("2026-03-01T00:00:00Z", tick=False) as clock:
        for window in range(4 * 288):
            if len(counted) == 100:
                break
            guesses(6, network=window % 250)
            clock.shift(300)
        assert len(counted) == 100
        clock.shift(90 * 86_400)
        refused = new_browser("10.255.0.1").sign_in()
        assert refused.status_code == 429
        assert "Retry-After" not in refused
        assert "a hundred wrong passwords in a row" in refused.content.decode()
        path = mailed_link("/accounts/password/reset/key/")
        visitor = new_browser("10.255.0.2")
        form = {"password1": NEW, "password2": NEW}
        assert visitor.post(visitor.get(path)["Location"], form).status_code == 302
        assert new_browser("10.255.0.3").sign_in(password=NEW).status_code == 302


def test_enabling_an_account_forgives_its_failures(user, browser):
    guesses(5)
    services.enable(user)
    assert browser.sign_in("mei", PASSWORD).status_code == 302


@pytest.mark.req("A5")
def test_strangers_cannot_lock_an_owner_out_of_a_browser_that_is_known(user, new_browser):
    own = new_browser()
    own.sign_in()
    own.post("/accounts/logout/")
    guesses(8)
    assert new_browser().sign_in().status_code == 429
    assert own.sign_in().status_code == 302


def test_a_known_browser_takes_five_guesses_like_any_other(user, new_browser):
    own = new_browser()
    own.sign_in()
    own.post("/accounts/logout/")
    assert [own.sign_in(password=WRONG).status_code for _ in range(7)] == [422] * 5 + [429] * 2


@pytest.mark.req("A5")
def test_a_reset_opens_a_known_browser_that_was_closed(user, mailed_link, new_browser):
    own = new_browser()
    own.sign_in()
    own.post("/accounts/logout/")
    for _ in range(6):
        own.sign_in(password=WRONG)
    path = mailed_link("/accounts/password/reset/key/")
    own.post(own.get(path)["Location"], {"password1": NEW, "password2": NEW})
    assert own.sign_in(password=NEW).status_code == 302


def test_the_mark_of_one_account_is_worth_nothing_to_another(user, admin, new_browser):
    thief = new_browser()
    thief.sign_in()
    thief.post("/accounts/logout/")
    guesses(8, "root")
    assert thief.sign_in("root", "quite a long passphrase").status_code == 429


@pytest.mark.parametrize("forged", ["", "1:x", "1:x:y:z", "x" * 4000])
def test_a_made_up_mark_is_none(user, browser, forged):
    guesses(8)
    browser.cookies["device"] = forged
    assert browser.sign_in().status_code == 429
