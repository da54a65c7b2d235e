"""What is written down when people come, fail to, and go."""

import pytest
from django.apps import apps

from accounts.models import User
from notifications.models import Delivery
from security.models import Event
from tests.accounts.conftest import PASSWORD


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_coming_and_going_is_written_down(user, signed_in):
    signed_in.post("/accounts/logout/")
    assert kinds() == ["sign-in", "sign-out"]


@pytest.mark.parametrize("login", ["mei", "MEI", "mei@example.com"])
def test_a_failure_is_written_down_for_the_account_it_was_meant_for(user, browser, login):
    browser.sign_in(login, "wrong password here")
    assert [(event.user, event.kind) for event in Event.objects.all()] == [(user, "sign-in-failed")]


def test_a_failure_for_nobody_is_nobodys(user, browser):
    browser.sign_in("nobody", "wrong password here")
    assert not Event.objects.exists()


def test_the_right_password_of_a_disabled_account_is_a_failure(user, browser):
    User.objects.update(is_active=False)
    browser.sign_in()
    assert kinds() == ["sign-in-failed"]


def test_refused_guesses_do_not_fill_the_list(user, new_browser):
    for number in range(20):
        new_browser(f"10.0.0.{number}").sign_in(password="wrong password here")
    assert kinds() == ["sign-in-failed"] * 5


def test_failures_are_not_mailed(user, browser):
    browser.sign_in(password="wrong password here")
    assert not Delivery.objects.exists()


@pytest.mark.req("K3", "A17")
def test_no_event_session_or_device_holds_an_address_or_a_secret(user, new_browser):
    browser = new_browser("203.0.113.77")
    browser.sign_in(password="wrong password here")
    browser.sign_in()
    new_browser("203.0.113.78").sign_in()
    rows = str(
        [list(apps.get_model("security", name).objects.values()) for name in ("Event", "Session", "Device")]
        + [row.payload for row in Delivery.objects.all()]
    )
    for secret in ("203.0.113", PASSWORD, "wrong password", browser.cookies["device"].value):
        assert secret not in rows
