"""A token is made, replaced and revoked in its dialogs; what was shown once is gone when they close."""

import re

import pytest
from playwright.sync_api import expect

from common import secretkeys

pytestmark = pytest.mark.e2e
SECRET = re.compile(r"tgat-\w{38}")


@pytest.mark.req("H3")
def test_a_token_lives_its_life_in_dialogs(tab):
    page = tab.page
    tab.open("/settings/security/tokens/")
    page.get_by_role("link", name="Create token").click()
    page.get_by_label("Name").fill("ci")
    tab.check("token-dialog")
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#new-token")
    expect(secret).to_have_text(SECRET)
    assert secretkeys.well_formed(secret.inner_text(), secretkeys.ACCESS_TOKEN)
    tab.check("token-secret")
    page.get_by_role("button", name="I've saved it").click()
    expect(page.locator("#token-dialog-body")).to_be_empty()
    expect(page.locator("#token-card")).to_contain_text("ci")

    page.get_by_role("link", name="Replace ci").click()
    page.get_by_role("button", name="Replace token").click()
    expect(secret).to_have_text(SECRET)
    page.keyboard.press("Escape")
    expect(page.locator("#token-dialog-body")).to_be_empty()

    page.get_by_role("link", name="Revoke ci").click()
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("Token revoked")).to_be_visible()
    expect(page.get_by_role("link", name="Revoke ci")).to_have_count(0)


def test_the_page_of_the_api_opens_call_by_call(tab):
    tab.open("/api/docs")
    call = tab.page.locator("details").filter(has=tab.page.get_by_text("POST /api/keys"))
    call.locator("summary").click()
    expect(call.get_by_text("limit_usd").first).to_be_visible()
    tab.check("api-docs-open")
