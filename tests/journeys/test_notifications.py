"""Methods are set up, tried and removed without leaving the page; each button does one thing."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e
SECRET = re.compile(r"whsec_\S{40,}")


def test_a_webhook_lives_its_life_in_its_card(tab):
    page = tab.page
    tab.open("/settings/notifications/")
    card = page.locator("#webhook")
    card.locator("summary").click()
    card.get_by_role("switch").check(force=True)
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("Enter the URL that messages go to.")).to_be_visible()
    tab.expect(422)
    card.get_by_label("URL").fill("https://example.invalid/hook")
    card.get_by_role("button", name="Save").click()
    expect(card.locator("#new-secret")).to_have_text(SECRET)
    expect(card.locator("summary")).to_contain_text("On")
    tab.check("notifications-secret")

    card.get_by_role("button", name="Send test").click()
    expect(page.get_by_text("The test is on its way")).to_be_visible()
    expect(card.locator("#new-secret")).to_have_count(0)

    card.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Webhook removed")).to_be_visible()
    expect(card.locator("summary")).to_contain_text("Off")


def test_the_warning_is_saved_in_place_and_says_how_the_balance_stands(tab):
    page = tab.page
    tab.open("/settings/notifications/")
    page.get_by_label("Warn me below").fill("100000")
    page.locator("#thresholds").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Quota warning saved")).to_be_visible()
    expect(page.get_by_text("Already below the warning")).to_be_visible()
    page.get_by_label("Warn me below").fill("1")
    page.locator("#thresholds").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Above the warning")).to_be_visible()
