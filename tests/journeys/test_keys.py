"""A key from the first link to its end, by mouse and by keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from common import secretkeys
from tests.journeys.conftest import Tab
from tests.serving import Server

pytestmark = pytest.mark.e2e

SECRET = re.compile(r"sk-tg-\w{38}")


def create(page, name):
    """Make a key in the dialog and return the secret that it shows."""
    page.get_by_role("link", name="Create key").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create key").click()
    expect(dialog.get_by_role("heading", name=f"Save your key for {name}")).to_be_focused()
    return dialog.locator("#new-secret").inner_text()


def row(page, name):
    return page.get_by_role("row").filter(has_text=name)


def test_first_link_leads_to_a_first_key(browser):
    with Server() as server:
        page = browser.new_context().new_page()
        tab = Tab(page, server.url)
        page.goto(server.link)
        page.get_by_label("Username").fill("first")
        page.get_by_label("E-mail").fill("first@example.com")
        page.get_by_label("Password", exact=True).fill("correct horse battery staple")
        page.get_by_label("Password, again").fill("correct horse battery staple")
        tab.check("setup-link")
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
        tab.check("overview-first")

        tab.open("/keys/")
        tab.check("keys-empty")
        secret = create(page, "laptop")

        assert secretkeys.well_formed(secret, "sk-tg-")
        tab.check("keys-secret-first")
        page.context.close()


def test_key_is_made_copied_switched_and_deleted(tab):
    tab.open("/keys/")
    secret = create(tab.page, "staging-backend")
    tab.check("keys-secret-light")

    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Copy key").click()
    expect(tab.page.get_by_role("status")).to_contain_text("Copied")
    assert tab.page.evaluate("navigator.clipboard.readText()") == secret
    dialog.get_by_role("button", name="I've saved it").click()
    expect(dialog).to_be_hidden()
    expect(tab.page.locator("#new-secret")).to_have_count(0)  # emptied by the event that follows the closing
    assert secret not in tab.page.content()
    expect(row(tab.page, "staging-backend")).to_contain_text("Active")

    row(tab.page, "staging-backend").get_by_label("Actions for staging-backend").click()
    tab.check("keys-menu-light")
    row(tab.page, "staging-backend").get_by_role("button", name="Disable").click()
    expect(row(tab.page, "staging-backend")).to_contain_text("Disabled")
    expect(tab.page.get_by_role("status")).to_contain_text("Key disabled")

    row(tab.page, "staging-backend").get_by_label("Actions for staging-backend").click()
    row(tab.page, "staging-backend").get_by_role("link", name="Delete").click()
    expect(dialog.get_by_role("button", name="Keep key")).to_be_focused()
    tab.check("keys-delete-light")
    dialog.get_by_role("button", name="Delete key").click()
    expect(dialog).to_be_hidden()
    expect(row(tab.page, "staging-backend")).to_have_count(0)
    tab.check()


def test_key_in_use_is_deleted_only_by_name(tab):
    tab.open("/keys/")
    row(tab.page, "discord-bot").get_by_label("Actions for discord-bot").click()
    row(tab.page, "discord-bot").get_by_role("link", name="Delete").click()
    dialog = tab.page.get_by_role("dialog")

    dialog.get_by_label("Type discord-bot to confirm").fill("discord")
    dialog.get_by_role("button", name="Delete key").click()

    expect(dialog).to_contain_text("That is not the name of this key.")
    tab.faults.clear()  # the browser reports every 422
    tab.check("keys-delete-named-light")
    dialog.get_by_role("button", name="Keep key").click()
    expect(row(tab.page, "discord-bot")).to_have_count(1)


def test_wrong_form_is_shown_again_in_the_dialog(tab):
    tab.open("/keys/")
    tab.page.get_by_role("link", name="Create key").first.click()
    dialog = tab.page.get_by_role("dialog")
    tab.check("keys-create-light")
    dialog.get_by_label("Name").fill("discord-bot")
    dialog.get_by_label("Limit in US dollars").fill("25")
    dialog.get_by_text("Pick a date").click()
    dialog.get_by_label("Allowed IPs").fill("10.0.0.0/33")
    dialog.get_by_role("button", name="Create key").click()

    expect(dialog).to_contain_text("is not an IP address or network")
    expect(dialog.get_by_label("Last day")).to_be_focused()
    dialog.get_by_label("Allowed IPs").fill("")
    dialog.get_by_text("Never").click()
    dialog.get_by_role("button", name="Create key").click()
    expect(dialog).to_contain_text("You already have a key with this name.")
    expect(dialog.get_by_label("Name")).to_be_focused()
    assert dialog.get_by_label("Limit in US dollars").input_value() == "25"
    tab.faults.clear()  # the browser reports every 422
    tab.check("keys-create-error-light")


def test_key_is_made_by_keyboard_alone(tab):
    tab.open("/keys/")
    keyboard, page = tab.page.keyboard, tab.page
    keyboard.press("/")
    expect(page.get_by_label("Search keys")).to_be_focused()
    page.get_by_role("link", name="Create key").first.focus()
    keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    keyboard.type("by-hand")
    keyboard.press("Tab")
    keyboard.type("5")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_be_focused()
    assert SECRET.fullmatch(page.locator("#new-secret").inner_text())
    keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(row(page, "by-hand")).to_contain_text("of $5.00 in total")
    assert not SECRET.search(page.content())


def test_search_narrows_the_list_while_typing(tab):
    tab.open("/keys/")
    tab.page.get_by_label("Search keys").press_sequentially("PROD")

    expect(row(tab.page, "production-backend")).to_have_count(1)
    expect(row(tab.page, "mei-laptop")).to_have_count(0)
    expect(tab.page.get_by_label("Search keys")).to_be_focused()
    tab.page.get_by_role("link", name="Disabled").click()
    expect(tab.page.get_by_text("No keys match")).to_be_visible()
    tab.check("keys-none-light")
    tab.page.get_by_role("link", name="Clear filters").click()
    expect(row(tab.page, "mei-laptop")).to_have_count(1)


def test_everything_works_without_javascript(browser, installation, cookies):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{installation.url}/keys/")
    page.get_by_role("link", name="Create key").first.click()
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_label("Name").fill("plain")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="Save your key for plain")).to_be_visible()
    assert SECRET.fullmatch(page.locator("#new-secret").inner_text())
    page.get_by_role("link", name="I've saved it").click()

    row(page, "plain").get_by_label("Actions for plain").click()
    row(page, "plain").get_by_role("button", name="Disable").click()
    expect(row(page, "plain")).to_contain_text("Disabled")
    row(page, "plain").get_by_label("Actions for plain").click()
    row(page, "plain").get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete key").click()
    expect(row(page, "plain")).to_have_count(0)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Match system").click()  # the account is every journey's
    context.close()


def test_theme_switches_at_once_and_stays(tab):
    tab.open("/keys/")
    with tab.page.expect_response("**/prefs/theme/"):
        tab.page.get_by_role("button", name="Dark").click()
    expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")

    tab.open("/wallet/")
    expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(tab.page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    tab.check()
    with tab.page.expect_response("**/prefs/theme/"):
        tab.page.get_by_role("button", name="Match system").click()  # the account is every journey's


def test_menu_of_a_phone_opens_over_the_page(browser, installation, cookies):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce")
    context.add_cookies(cookies)
    tab = Tab(context.new_page(), installation.url)
    tab.open("/keys/")
    expect(tab.page.get_by_role("link", name="Wallet")).to_be_hidden()

    tab.page.get_by_role("button", name="Open menu").click()
    expect(tab.page.get_by_role("link", name="Wallet", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("button", name="简体中文")).to_be_visible()
    tab.check("nav-narrow-light")
    tab.page.get_by_role("link", name="Wallet", exact=True).click()
    expect(tab.page.get_by_role("heading", name="Wallet", level=1)).to_be_visible()
    context.close()
