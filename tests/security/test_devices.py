"""Known browsers: one cookie, a mark for each account, nothing in it that opens anything."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from notifications.models import Delivery
from security import devices
from security.models import Device, Event, Session
from tests.accounts.conftest import Browser

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
START = timezone.now()


def kinds(user) -> list[str]:
    return list(Event.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))


def test_the_first_browser_of_an_account_is_no_news(user, browser):
    browser.sign_in()
    assert kinds(user) == ["sign-in"]
    assert not Delivery.objects.exists()


@pytest.mark.req("A17")
def test_a_sign_in_from_another_browser_is_mailed_once(user, signed_in, new_browser):
    other = new_browser(headers={"user-agent": LINUX})
    for _ in range(3):
        other.sign_in()
        other.post("/accounts/logout/")
    assert kinds(user).count("new-device") == 1
    assert Delivery.objects.get().subject == "New sign-in to your Tollgate account"


def test_an_event_names_the_browser(user, new_browser):
    new_browser(headers={"user-agent": LINUX}).sign_in()
    assert Event.objects.get().detail == "Firefox on Linux"


def test_only_the_digest_of_a_mark_is_stored(user, signed_in):
    cookie = signed_in.cookies["device"].value
    device = Device.objects.get()
    assert device.digest != cookie
    assert len(cookie) == 22


def test_the_session_knows_its_device(user, new_browser):
    new_browser(headers={"user-agent": LINUX}).sign_in()
    session = Session.objects.get()
    assert (session.agent, session.device) == ("Firefox on Linux", Device.objects.get())


def test_a_browser_is_known_to_several_accounts_at_once(user, admin, browser):
    for _ in range(2):
        browser.sign_in()
        browser.post("/accounts/logout/")
        browser.sign_in("root", "quite a long passphrase")
        browser.post("/accounts/logout/")
    assert Device.objects.count() == 2
    assert not Event.objects.filter(kind="new-device").exists()


@pytest.mark.req("A5")
def test_a_planted_cookie_is_worth_nothing_to_who_planted_it(user, admin, browser, new_browser):
    browser.sign_in("root", "quite a long passphrase")
    planted = browser.cookies["device"].value
    victim = new_browser()
    victim.cookies["device"] = planted
    victim.sign_in()
    thief = new_browser()
    thief.cookies["device"] = planted
    thief.sign_in()
    assert kinds(user) == ["sign-in", "sign-in", "new-device"]


def test_a_browser_is_forgotten_after_half_a_year(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(days=181))
        assert devices.prune() == 1
        browser.sign_in()
    assert kinds(user) == ["sign-in", "sign-in", "new-device"]


def test_use_keeps_a_browser_known(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(3):
            browser.sign_in()
            clock.shift(timedelta(days=120))
            assert devices.prune() == 0
    assert "new-device" not in kinds(user)


def test_devices_go_with_the_account(user, signed_in):
    user.delete()
    assert not Device.objects.exists()


@pytest.mark.parametrize("cookie", ["", ".", "x", "é" * 22, "a" * 22, ".".join(["b" * 22] * 50), "x" * 4000, "'--"])
def test_a_made_up_cookie_is_an_unknown_browser(user, signed_in, cookie):
    stranger = Browser()
    stranger.cookies["device"] = cookie.encode().decode("latin-1")
    assert stranger.sign_in().status_code == 302
    assert "new-device" in kinds(user)
    assert len(stranger.cookies["device"].value) <= devices.MOST * 23
