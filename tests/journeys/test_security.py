"""The security page: by keyboard alone, and without JavaScript."""

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Tab
from tests.journeys.keyboard import press, reach, write
from tests.journeys.seed import PASSWORD
from tests.journeys.test_pages import PAGES

pytestmark = pytest.mark.e2e

PAGE = "/settings/security/"
NEW = "seven quiet lanterns drift"
TOKEN = re.compile(r"tgat-\w{38}")
AREA = [path for path in PAGES.values() if path.startswith((PAGE, "/accounts/"))]


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/overview/")


@pytest.fixture
def walker(browser, installation, name) -> Iterator[Tab]:
    """The tab of an account that has a password and nothing else, signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    tab = Tab(context.new_page(), installation.url)
    sign_in(tab.page, tab.url, name)
    yield tab
    context.close()


@pytest.fixture
def plain(browser, installation, name) -> Iterator[Page]:
    """The same in a browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, installation.url, name)
    page.goto(installation.url + PAGE)
    yield page
    context.close()


@pytest.mark.req("A12")
def test_a_password_is_changed_by_keyboard_alone(walker, name, browser):
    page = walker.page
    walker.open(PAGE)
    opener = page.get_by_role("link", name="Change password")
    old, new = page.get_by_label("Current password"), page.get_by_label("New password", exact=True)
    press(page, opener)
    expect(old).to_be_focused()
    page.keyboard.press("Escape")
    expect(old).to_have_count(0)
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    expect(old).to_be_focused()
    page.keyboard.type("not my password")
    write(page, new, NEW)
    write(page, page.get_by_label("New password again"), NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not your current password.")).to_be_visible()
    expect(old).to_be_focused()
    walker.faults.clear()  # the browser says 422 too
    walker.check("password-dialog-wrong")

    page.keyboard.type(PASSWORD)
    write(page, new, NEW)
    write(page, page.get_by_label("New password again"), NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Last changed:")).to_contain_text("Just now")
    walker.check("password-changed")
    other = browser.new_context()
    sign_in(other.new_page(), walker.url, name, NEW)
    other.close()


@pytest.mark.req("H3")
def test_a_token_is_made_replaced_and_revoked_by_keyboard_alone(walker):
    page = walker.page
    walker.open(PAGE)
    secret, revoke = page.locator("#new-token"), page.get_by_role("link", name="Revoke ci")
    press(page, page.get_by_role("link", name="Create token"))
    expect(page.get_by_label("Name")).to_be_focused()
    write(page, page.get_by_label("Name"), "ci")
    page.keyboard.press("Enter")
    expect(secret).to_have_text(TOKEN)
    first = secret.inner_text()
    press(page, page.get_by_role("button", name="I've saved it"))
    expect(revoke).to_be_visible()
    expect(page.locator("#checkup")).to_contain_text("1 access token")
    expect(page.locator("#event-card")).to_contain_text("Access token made")
    expect(page.locator("#token-dialog-body")).to_be_empty()

    press(page, page.get_by_role("link", name="Replace ci"))
    expect(page.get_by_role("button", name="Keep token")).to_be_focused()
    press(page, page.get_by_role("button", name="Replace token"))
    expect(secret).to_have_text(TOKEN)
    assert secret.inner_text() != first
    page.keyboard.press("Escape")

    press(page, revoke)
    press(page, page.get_by_role("button", name="Revoke token"))
    expect(page.get_by_text("Token revoked", exact=True)).to_be_visible()
    expect(revoke).to_have_count(0)
    expect(page.locator("#checkup")).to_contain_text("No access token")
    walker.check("token-revoked")


@pytest.mark.req("D9", "E3")
def test_two_factor_is_set_up_and_its_codes_are_made_anew_by_keyboard_alone(walker):
    page = walker.page
    walker.open(PAGE)
    press(page, page.get_by_role("link", name="Set up", exact=True))
    press(page, page.get_by_role("button", name="Set up"))
    expect(page.get_by_role("img", name="QR code of the key")).to_be_visible()
    key = (page.locator("#totp-key").text_content() or "").replace(" ", "")
    first = page.locator("#recovery-codes li").all_inner_texts()
    reach(page, page.get_by_label("I have stored my recovery codes"))
    page.keyboard.press("Space")
    write(page, page.get_by_label("Code", exact=True), pyotp.TOTP(key).now())
    press(page, page.get_by_role("button", name="Complete setup and enable two-factor authentication"))
    expect(page.get_by_text("Two-factor authentication is on.")).to_be_visible()

    walker.open(PAGE)
    press(page, page.get_by_role("link", name="Make new codes"))
    expect(page.get_by_role("button", name="Keep codes")).to_be_focused()
    walker.check("codes-dialog-ask")
    press(page, page.get_by_role("button", name="Make new codes"))
    codes = page.get_by_role("dialog").locator("#recovery-codes li")
    expect(codes).to_have_count(10)
    assert not set(first) & set(codes.all_inner_texts())
    walker.check("codes-dialog")
    page.emulate_media(media="print")
    expect(codes.first).to_be_visible()
    expect(page.get_by_role("heading", name="Your new recovery codes")).to_be_hidden()
    page.emulate_media(media="screen")
    press(page, page.get_by_role("button", name="I've saved them"))
    expect(page.locator("#recovery-codes")).to_have_count(0)
    expect(page.locator("#two-factor")).to_contain_text("10 codes are left.")


def test_every_page_of_the_area_says_what_it_is_without_scripts(browser, installation, cookies):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    for path in AREA:
        answer = page.goto(installation.url + path)
        assert answer is not None
        assert answer.status == 200, path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("dialog[open]")).to_have_count(0)
    context.close()


def test_a_password_is_changed_without_scripts(plain):
    plain.get_by_role("link", name="Change password").click()
    plain.get_by_label("Current password").fill("not my password")
    plain.get_by_label("New password", exact=True).fill(NEW)
    plain.get_by_label("New password again").fill(NEW)
    plain.get_by_role("button", name="Change password").click()
    expect(plain.get_by_text("This is not your current password.")).to_be_visible()
    plain.get_by_label("Current password").fill(PASSWORD)
    plain.get_by_label("New password", exact=True).fill(NEW)
    plain.get_by_label("New password again").fill(NEW)
    plain.get_by_role("button", name="Change password").click()
    expect(plain.get_by_text("Last changed:")).to_contain_text("Just now")


def test_a_token_is_made_replaced_and_revoked_without_scripts(plain):
    plain.get_by_role("link", name="Create token").click()
    plain.get_by_label("Name").fill("ci")
    plain.get_by_role("button", name="Create token").click()
    expect(plain.locator("#new-token")).to_have_text(TOKEN)
    plain.get_by_role("link", name="I've saved it").click()
    plain.get_by_role("link", name="Replace ci").click()
    plain.get_by_role("button", name="Replace token").click()
    expect(plain.locator("#new-token")).to_have_text(TOKEN)
    plain.get_by_role("link", name="I've saved it").click()
    plain.get_by_role("link", name="Revoke ci").click()
    plain.get_by_role("button", name="Revoke token").click()
    expect(plain.get_by_text("Token revoked", exact=True)).to_be_visible()
    expect(plain).to_have_url(re.compile(f"{PAGE}$"))


def test_forms_work_on_pages_of_their_own_too(walker):
    page = walker.page
    walker.open(f"{PAGE}tokens/new/")
    page.get_by_label("Name").fill("ci")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#new-token")).to_have_text(TOKEN)
    walker.check("token-created")
    page.get_by_role("link", name="I've saved it").click()
    page.wait_for_url(f"**{PAGE}#token-card")

    walker.open("/accounts/password/change/")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("Current password")).to_be_focused()
    walker.faults.clear()  # the browser says 422 too
    walker.check("password-page-wrong")
