"""The sidebar as its owner wants it, seen before it is saved; stored addresses erased while one looks on."""

import pytest
from playwright.sync_api import expect

from tests.journeys.seed import USERNAME

pytestmark = pytest.mark.e2e
ADDRESSED = f"""
from accounts.models import User
from usage.models import CallLog
CallLog.objects.filter(user=User.objects.get(username="{USERNAME}")).update(address="203.0.113.7")
"""
POLICY = """
from common import version
from sidebar.models import SidebarPolicy
SidebarPolicy.objects.update_or_create(pk=1, defaults=dict(wallet={wallet}))
"""


def test_the_preview_follows_each_switch_and_saving_makes_it_so(tab):
    page = tab.page
    main, preview = page.get_by_role("navigation", name="Main"), page.locator("#preview")
    tab.open("/settings/sidebar/")
    expect(preview.get_by_text("Usage logs")).to_be_visible()
    page.locator(".hide-row", has_text="Usage logs").locator(".switch").click()
    expect(preview.get_by_text("Usage logs")).to_have_count(0)
    expect(main.get_by_role("link", name="Usage logs")).to_be_visible()
    page.locator(".hide-head", has_text="Personal").locator(".switch").click()
    expect(preview.get_by_text("Wallet")).to_have_count(0)
    expect(preview.get_by_text("Settings")).to_be_visible()
    tab.check("sidebar-preview")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sidebar saved")).to_be_visible()
    expect(main.get_by_role("link", name="Usage logs")).to_have_count(0)
    expect(main.get_by_role("link", name="Settings")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(main.get_by_role("link", name="Wallet")).to_be_visible()
    assert tab.faults == []


def test_a_module_that_is_off_is_locked_with_the_reason(tab, installation):
    installation.manage("shell", "-v", "0", "-c", POLICY.format(wallet=False))
    try:
        tab.open("/wallet/", status=404)
        tab.open("/settings/sidebar/")
        row = tab.page.locator(".hide-row", has_text="Turned off by your administrator.")
        expect(row).to_contain_text("Wallet")
        expect(row.get_by_role("switch")).to_have_count(0)
        tab.check("sidebar-locked")
    finally:
        installation.manage("shell", "-v", "0", "-c", POLICY.format(wallet=True))


def test_stored_addresses_are_erased_while_their_owner_looks_on(tab, installation):
    installation.manage("shell", "-v", "0", "-c", ADDRESSED)
    page = tab.page
    tab.open("/settings/privacy/")
    card = page.locator("#erasure")
    card.get_by_role("button", name="Erase 60 addresses").click()
    expect(card.get_by_text("60 addresses erased")).to_be_visible(timeout=30_000)
    expect(card.get_by_text("None stored")).to_be_visible()
    tab.check("privacy-erased")
    assert tab.faults == []
