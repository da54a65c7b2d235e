"""What ends every session of an account: five browsers, and each thing that can happen to its credentials."""

import time
from collections.abc import Callable

import pytest

from accounts import services
from accounts.models import User
from notifications.models import Delivery
from security import passkeys, recovery, sessions, totp
from security.models import Event, Passkey, Session
from tests.accounts.conftest import Browser
from tests.second_factor import enroll
from tests.security.ceremonies import register
from tests.security.softkey import SoftKey

NEW = "another good passphrase"
Change = Callable[[User], object]


def _turn_on(user: User) -> None:
    secret = totp.begin(user).secret
    totp.confirm(user, totp.code_at(secret, int(time.time()) // totp.STEP))


def _remove_passkey(user: User) -> None:
    passkeys.remove(Passkey.objects.get(user=user), session_key=None)


def _nothing(user: User) -> None:
    pass


# what was there before, what happens, and as which kind of event it is mailed
CHANGES: dict[str, tuple[Change, Change, str]] = {
    "password changed": (_nothing, lambda user: services.set_password(user, NEW), "password-changed"),
    "password reset": (
        _nothing,
        lambda user: services.set_password(user, NEW, event="password-reset"),
        "password-reset",
    ),
    "second factor on": (_nothing, _turn_on, "totp-on"),
    "second factor off": (enroll, totp.remove, "totp-off"),
    "new recovery codes": (enroll, recovery.regenerate, "codes-made"),
    "passkey added": (_nothing, lambda user: register(user, SoftKey()), "passkey-added"),
    "passkey removed": (lambda user: register(user, SoftKey()), _remove_passkey, "passkey-removed"),
    "ended by an administrator": (
        _nothing,
        lambda user: sessions.end_all(user, actor=User(pk=0, username="root"), reason="Lost"),
        "session-ended",
    ),
    "disabled": (_nothing, services.disable, ""),
    "deleted": (_nothing, services.delete, ""),
}


def inside(browser: Browser) -> bool:
    return bool(browser.get("/settings/profile/").status_code == 200)


@pytest.mark.req("B4", "A17")
@pytest.mark.parametrize("change", CHANGES)
def test_five_sessions_end_at_the_next_request(user, change):
    before, happen, kind = CHANGES[change]
    before(user)
    Delivery.objects.all().delete()
    browsers = [Browser(f"198.51.100.{number}") for number in range(5)]
    for browser in browsers:
        browser.force_login(user)
    assert all(inside(browser) for browser in browsers)
    happen(user)
    assert not any(inside(browser) for browser in browsers)
    assert not Session.objects.filter(user__isnull=False).exists()
    if kind:
        assert Event.objects.filter(kind=kind).exists()
        assert Delivery.objects.filter(event=f"security.{kind}", user=user).count() == 1


@pytest.mark.req("B4")
def test_the_session_that_made_the_change_stays(user, signed_in, new_browser):
    other = new_browser()
    other.sign_in()
    own = signed_in.cookies["session"].value
    services.set_password(user, NEW, keep_session=own)
    assert [row.pk for row in Session.objects.all()] == [sessions.stored(own)]
