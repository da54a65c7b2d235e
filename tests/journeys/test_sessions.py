"""Ending sessions in a browser."""

import pytest
from playwright.sync_api import expect

from tests.journeys.seed import USERNAME

pytestmark = pytest.mark.e2e
PAGE = "/settings/security/sessions/"
ELSEWHERE = f"""
from accounts.models import User
from security.models import Session
from security.sessions import SessionStore
for agent in ("Firefox on Linux", "Safari on iPhone", ""):
    store = SessionStore()
    store["_auth_user_id"] = str(User.objects.get(username="{USERNAME}").pk)
    store.describe(agent=agent)
    store.save(must_create=True)
"""


@pytest.fixture
def elsewhere(installation) -> None:
    """Three more browsers that are signed in."""
    installation.manage("shell", "-v", "0", "-c", ELSEWHERE)


def test_sessions_end_by_one_press_without_a_reload(elsewhere, tab):
    tab.open(PAGE)
    rows = tab.page.locator("#sessions .row")
    before = rows.count()
    expect(tab.page.get_by_text("This browser")).to_have_count(1)
    tab.page.get_by_role("button", name="Sign out Safari on iPhone").first.press("Enter")
    expect(rows).to_have_count(before - 1)
    tab.check("sessions-ended")
    tab.page.get_by_role("button", name="Sign out all others").press("Enter")
    expect(rows).to_have_count(1)
    expect(tab.page.get_by_role("button", name="Sign out all others")).to_have_count(0)


def test_sessions_end_without_scripts_too(elsewhere, browser, installation, cookies):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(installation.url + PAGE)
    page.get_by_role("button", name="Sign out Firefox on Linux").first.click()
    expect(page.get_by_text("The session has ended.")).to_be_visible()
    page.get_by_role("button", name="Sign out all others").click()
    expect(page.locator("#sessions .row")).to_have_count(1)
    context.close()
