"""The steps of a sign-in and of a set-up, and the dialogs of the security page, in every look."""

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.seed import PASSWORD
from tests.journeys.test_pages import LOOKS, open_as
from tests.second_factor import SECRET

pytestmark = pytest.mark.e2e

PAGE = "/settings/security/"
ENROLL = """
from accounts.models import User
from tests.second_factor import enroll
enroll(User.objects.get(username={name!r}))
"""
DIALOGS = {
    "Change password": "password",
    "Make new codes": "codes",
    "Create token": "token",
    "Revoke terraform": "token",
}


def fill_in(page: Page, url: str, name: str, password: str) -> None:
    """Try to sign in, in whatever language the page has."""
    page.goto(f"{url}/accounts/login/")
    page.locator("#id_login").fill(name)
    page.locator("#id_password").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_step_of_a_set_up_is_sound(browser, installation, name, look):
    tab = open_as(browser, installation, [], look)
    page, shot = tab.page, "-".join(look)
    fill_in(page, tab.url, name, "not my password")
    expect(page.locator(".note.bad")).to_be_visible()
    tab.faults.clear()  # the browser says 422 too
    tab.check(f"login-wrong-{shot}")
    fill_in(page, tab.url, name, PASSWORD)
    page.wait_for_url("**/overview/")
    tab.open("/accounts/reauthenticate/?next=/accounts/email/")
    tab.check(f"sudo-password-{shot}")
    tab.open(PAGE)
    tab.check(f"security-bare-{shot}")
    tab.open(f"{PAGE}two-factor/")
    tab.check(f"two-factor-begin-{shot}")
    page.locator("[name=begin]").click()
    expect(page.locator("#totp-key")).to_be_visible()
    tab.check(f"two-factor-steps-{shot}")
    page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_step_of_a_sign_in_is_sound(browser, installation, name, look):
    installation.manage("shell", "-v", "0", "-c", ENROLL.format(name=name))
    tab = open_as(browser, installation, [], look)
    page, shot = tab.page, "-".join(look)
    fill_in(page, tab.url, name, PASSWORD)
    page.wait_for_url("**/second-factor/**")
    tab.check(f"second-factor-{shot}")
    tab.open("/accounts/login/second-factor/?recovery=1")
    tab.check(f"second-factor-recovery-{shot}")
    tab.open("/accounts/login/second-factor/")
    page.locator("#id_code").fill(pyotp.TOTP(SECRET).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview/")
    tab.open("/accounts/reauthenticate/code/?next=/accounts/email/")
    tab.check(f"sudo-code-{shot}")
    page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_dialog_is_sound(browser, installation, cookies, look):
    tab = open_as(browser, installation, cookies, (*look[:2], "en"))
    page = tab.page
    tab.open(PAGE)
    for opener, dialog in DIALOGS.items():
        page.get_by_role("link", name=opener, exact=True).click()
        expect(page.locator(f"#{dialog}-dialog")).to_be_visible()
        tab.check(f"dialog-{opener}-{'-'.join(look)}")
        page.keyboard.press("Escape")
        expect(page.locator(f"#{dialog}-dialog")).to_be_hidden()
    page.context.close()
