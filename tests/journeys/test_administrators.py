"""An administrator acts on somebody's account in a browser: the pages that ask why, in every look, and by keyboard."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.test_pages import LOOKS, open_as

pytestmark = pytest.mark.e2e

USERS = "/admin/accounts/user/"
FURNISH = """
from accounts.models import User
from security import tokens
from security.models import Passkey
from tests.second_factor import enroll
user = User.objects.get(username={name!r})
enroll(user)
Passkey.objects.create(user=user, name="Laptop", credential_id=user.username.encode(), public_key=b"none")
token, _ = tokens.make(user, name="build", scopes=["read"])
print([user.pk, token.pk])
"""
TOLD = """
import json
from accounts.models import User
from security.models import AccessToken, Event, Passkey
user = User.objects.get(username={name!r})
said = list(Event.objects.filter(user=user).exclude(actor="").order_by("pk").values_list("kind", "actor", "reason"))
left = [Passkey.objects.filter(user=user).count(), AccessToken.objects.filter(user=user).count(), user.is_active]
print(json.dumps([said, left]))
"""
Told = Callable[[], tuple[list[list[str]], list[object]]]


@pytest.fixture
def whom(installation, name) -> tuple[int, int]:
    """The numbers of an account that has everything, and of its token."""
    user, token = json.loads(installation.manage("shell", "-v", "0", "-c", FURNISH.format(name=name)))
    return user, token


@pytest.fixture
def told(installation, name) -> Told:
    """What administrators did to the account, and what it has left."""

    def ask() -> tuple[list[list[str]], list[object]]:
        said, left = json.loads(installation.manage("shell", "-v", "0", "-c", TOLD.format(name=name)))
        return said, left

    return ask


@pytest.mark.req("I3")
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_the_pages_that_ask_why_are_sound(browser, installation, cookies, whom, look):
    tab, (user, token) = open_as(browser, installation, cookies, look), whom
    for verb in ("disable", "end-sessions", "reset-two-factor", "reset-passkeys", "send-reset"):
        tab.open(f"{USERS}act/{verb}/?ids={user}")
        tab.check(f"admin-{verb}-{'-'.join(look)}", preload=False)
    tab.open(f"{USERS}act/disable/?ids={user},1")
    tab.page.get_by_role("textbox").fill(" ")
    tab.page.locator(".submit-row input").click()
    expect(tab.page.locator(".errornote").last).to_be_visible()
    tab.faults.clear()  # the answer is 422, and the browser says so
    tab.check(f"admin-no-reason-{'-'.join(look)}", preload=False)
    tab.open(f"{USERS}{user}/tokens/{token}/")
    tab.check(f"admin-revoke-{'-'.join(look)}", preload=False)
    tab.open(f"{USERS}{user}/change/")
    tab.check(f"admin-account-{'-'.join(look)}", preload=False)
    tab.page.context.close()


@pytest.mark.req("A17", "I18")
def test_somebodys_passkeys_are_removed_by_keyboard_with_a_reason(tab, whom, told):
    tab.open(f"{USERS}{whom[0]}/change/")
    tab.page.get_by_role("link", name="Remove all passkeys").press("Enter")
    expect(tab.page.get_by_role("textbox", name="Reason")).to_be_focused()
    tab.page.keyboard.type("Lost her laptop")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".messagelist .success")).to_be_visible()
    said, left = told()
    assert said == [["admin-reset", "mei.lin", "Lost her laptop"]]
    assert left == [0, 1, True]
    assert tab.faults == []


def test_an_account_is_disabled_from_the_list_and_a_token_revoked_without_scripts(
    browser, installation, cookies, whom, name, told
):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{installation.url}{USERS}?q={name}")
    page.locator(f"input[name=_selected_action][value='{whom[0]}']").check()
    page.locator("select[name=action]").select_option("disable")
    page.locator("button[name=index]").click()
    page.get_by_role("textbox", name="Reason").fill("Left the company")
    page.locator(".submit-row input").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.get_by_role("link", name="Revoke", exact=True).click()
    page.get_by_role("textbox", name="Reason").fill("Left the company")
    page.locator(".submit-row input").click()
    expect(page.get_by_text("Access tokens", exact=True)).to_have_count(0)
    said, left = told()
    assert [kind for kind, _, _ in said] == ["disabled", "token-revoked"]
    assert left == [1, 0, False]
    context.close()
