"""Two-factor authentication in a browser: three steps to turn it on, then a sign-in and a step-up with it."""

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Tab
from tests.journeys.seed import NEWCOMER, PASSWORD

pytestmark = pytest.mark.e2e

PAGE = "/settings/security/two-factor/"


@pytest.fixture
def newcomer(browser, installation) -> Iterator[Tab]:
    """A tab of somebody who has no second factor yet, signed in."""
    installation.manage("shell", "-v", "0", "-c", FORGET)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = Tab(context.new_page(), installation.url)
    sign_in(tab)
    tab.page.wait_for_url("**/overview/")
    yield tab
    context.close()


FORGET = f"""
from accounts.models import User
from security import totp
totp.remove(User.objects.get(username={NEWCOMER!r}))
"""


def sign_in(tab: Tab) -> None:
    tab.open("/accounts/login/")
    tab.page.get_by_label("Username or e-mail").fill(NEWCOMER)
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in", exact=True).click()


def key_of(tab: Tab) -> str:
    return (tab.page.locator("#totp-key").text_content() or "").replace(" ", "")


def begin(tab: Tab) -> None:
    tab.open(PAGE)
    tab.page.get_by_role("button", name="Set up").press("Enter")
    expect(tab.page.get_by_role("img", name="QR code of the key")).to_be_visible()


def copied(tab: Tab) -> list[str]:
    """The codes, by the button that copies them."""
    tab.page.get_by_role("button", name="Copy", exact=True).click()
    return str(tab.page.evaluate("navigator.clipboard.readText()")).split()


def test_codes_are_copied_and_downloaded(newcomer):
    begin(newcomer)
    codes = copied(newcomer)
    assert len(codes) == 10
    with newcomer.page.expect_download() as saved:
        newcomer.page.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "tollgate-recovery-codes.txt"
    assert saved.value.path().read_text().split() == codes


def test_three_steps_by_keyboard_and_then_a_sign_in_with_a_stored_code(newcomer):
    page = newcomer.page
    newcomer.open(PAGE)
    newcomer.check("two-factor-begin")
    begin(newcomer)
    newcomer.check("two-factor-steps")
    secret, codes = key_of(newcomer), copied(newcomer)

    page.get_by_label("I have stored my recovery codes").press("Space")
    page.get_by_label("Code", exact=True).fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    newcomer.faults.clear()  # the browser says 422 too
    newcomer.check("two-factor-wrong-code")
    assert key_of(newcomer) == secret

    page.get_by_label("I have stored my recovery codes").check()
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Complete setup and enable two-factor authentication").press("Enter")
    expect(page.get_by_text("10 codes are left.")).to_be_visible()
    newcomer.check("two-factor-on")

    page.context.clear_cookies()
    sign_in(newcomer)
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("autocomplete", "one-time-code")
    newcomer.check("second-factor")
    page.get_by_role("link", name="Use a recovery code").click()
    newcomer.check("second-factor-recovery")
    page.get_by_label("Recovery code").fill(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview/")


def test_codes_alone_are_printed(newcomer):
    page = newcomer.page
    begin(newcomer)
    page.emulate_media(media="print")
    expect(page.locator("#recovery-codes")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    expect(page.locator(".qr")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_square_is_dark_on_white_in_both_themes(newcomer, theme):
    page = newcomer.page
    page.context.add_cookies([{"name": "theme", "value": theme, "url": newcomer.url}])
    newcomer.open(PAGE)
    page.get_by_role("button", name=re.compile("Set up|Start over")).click()
    tile = page.locator(".qr")
    assert tile.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(255, 255, 255)"
    newcomer.check(f"two-factor-steps-{theme}")


def test_the_set_up_works_without_javascript(browser, installation, newcomer):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(newcomer.page.context.cookies())
    page = context.new_page()
    page.goto(installation.url + PAGE)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("button", name="Download")).to_be_hidden()
    assert page.locator("#recovery-codes li").count() == 10
    secret = (page.locator("#totp-key").text_content() or "").replace(" ", "")
    page.get_by_label("I have stored my recovery codes").check()
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Complete setup").click()
    expect(page.get_by_text("10 codes are left.")).to_be_visible()
    context.close()


def test_the_step_up_is_sound_and_leads_on(newcomer):
    page = newcomer.page
    newcomer.open("/accounts/reauthenticate/?next=/accounts/email/")
    newcomer.check("sudo-password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/accounts/email/")
