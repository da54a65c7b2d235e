"""The settings by hand: found by a key press, the safeguard accepted in its dialog, advice let be."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.seed import USERNAME

pytestmark = pytest.mark.e2e
UNPRICED = """
from common import version
from gateway.models import Channel, Route
Route.objects.get_or_create(channel=Channel.objects.get(name="main"), model="mj-v7-fast")
version.bump()
"""
REFUSE = f"""
from accounts.models import User
from pricing import preferences
preferences.save(User.objects.get(username="{USERNAME}"), accept_unpriced=False, accepted_models=[], monthly_cap=None)
"""


def test_a_slash_finds_a_setting_and_its_page(tab):
    page = tab.page
    tab.open("/settings/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("两步")
    found = page.locator("#found")
    expect(found.get_by_role("link", name="Two-factor authentication")).to_be_visible()
    expect(found.get_by_role("link", name="Delete account")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/settings/\?q="))
    tab.check("settings-search")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("passkey")
    found.get_by_role("link", name="Passkeys").click()
    expect(page.get_by_role("heading", name="Passkeys").first).to_be_visible()


@pytest.fixture
def safeguard(tab, installation):
    """Open the page of the safeguard, where a model has no price; whatever is accepted is refused again afterwards."""
    installation.manage("shell", "-v", "0", "-c", UNPRICED)
    tab.open("/settings/pricing/")
    yield tab
    installation.manage("shell", "-v", "0", "-c", REFUSE)


def test_the_dialog_names_the_price_and_keeps_what_was_typed(safeguard):
    page, dialog = safeguard.page, safeguard.page.get_by_role("dialog")
    page.locator("#safeguard .switch").click()
    page.get_by_label("Monthly cap").fill("12.5")
    page.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Fallback price: $10.00 in, $30.00 out per million tokens.")
    expect(dialog.get_by_label("Monthly cap")).to_have_value("12.50")
    safeguard.check("pricing-dialog")
    page.get_by_role("button", name="Keep refusing them").click()
    expect(dialog).to_have_count(0)


def test_the_safeguard_is_accepted_in_its_dialog_and_refused_again(safeguard):
    page, dialog = safeguard.page, safeguard.page.get_by_role("dialog")
    page.locator("#safeguard .switch").click()
    page.get_by_role("button", name="Save").click()
    dialog.get_by_label("Monthly cap").fill("a lot")
    dialog.get_by_role("button", name="Accept and pay").click()
    expect(dialog).to_contain_text("Enter an amount in USD")
    safeguard.faults.clear()  # the browser says so too
    dialog.get_by_label("Monthly cap").fill("7")
    dialog.get_by_text("All models without a price").click()
    dialog.get_by_label("mj-v7-fast").check()
    dialog.get_by_role("button", name="Accept and pay").click()
    expect(page.get_by_text("Models without a price are accepted now")).to_be_visible()
    switch = page.get_by_role("switch", name="Accept models without a price")
    expect(switch).to_be_checked()
    expect(page.get_by_text("$7.00 left of $7.00")).to_be_visible()
    safeguard.check("pricing-accepted")

    page.locator("#safeguard .switch").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Price safeguard saved")).to_be_visible()
    expect(switch).not_to_be_checked()


def test_advice_is_let_be_and_asked_for_again(tab):
    tab.open("/overview/")
    checkup = tab.page.locator("#checkup")
    expect(checkup).to_contain_text("Token 74 days old")
    checkup.get_by_role("button", name="Let it be").click()
    expect(checkup).to_contain_text("Let be until")
    tab.check("overview-let-be")
    checkup.get_by_role("button", name="Ask again").click()
    expect(checkup.get_by_role("link", name="Replace it")).to_be_visible()
