"""Passkeys in a browser with a virtual authenticator: made, signed in by, confirmed by, refused, switched off."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, expect

from tests.journeys.conftest import Tab
from tests.journeys.seed import NEWCOMER, PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.req("F2", "F3")]
FORGET = f"""
from accounts.models import User
from security import totp
from security.models import Passkey, SecurityPolicy
user = User.objects.get(username={NEWCOMER!r})
totp.remove(user)
Passkey.objects.filter(user=user).delete()
SecurityPolicy.objects.update(passkeys=True)
"""
SWITCH_OFF = """
from security.models import SecurityPolicy
SecurityPolicy.objects.update_or_create(pk=1, defaults={"passkeys": False})
"""
# else the virtual authenticator answers it before the button is pressed
NO_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Owner:
    """Somebody with an authenticator; Chromium is told about it over its debugging protocol."""

    tab: Tab
    wire: CDPSession
    authenticator: str

    def verifies(self, verified: bool) -> None:
        """Let the authenticator know its user, or not."""
        self.wire.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": verified})


@pytest.fixture
def owner(browser, installation) -> Iterator[Owner]:
    """Signed in by password, without any second factor or passkey yet."""
    installation.manage("shell", "-v", "0", "-c", FORGET)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("WebAuthn.enable", {"enableUI": False})
    made = wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    tab = Tab(page, installation.url)
    sign_in(tab)
    yield Owner(tab, wire, made["authenticatorId"])
    context.close()
    installation.manage("shell", "-v", "0", "-c", FORGET)


def sign_in(tab: Tab) -> None:
    tab.open("/accounts/login/")
    tab.page.get_by_label("Username or e-mail").fill(NEWCOMER)
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in", exact=True).click()
    tab.page.wait_for_url("**/overview/")


def add(tab: Tab, name: str) -> None:
    """Make a passkey from the security page on, by keyboard."""
    tab.open("/settings/security/")
    tab.page.get_by_role("link", name="Add passkey").press("Enter")
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_role("button", name="Create passkey").press("Enter")


def sign_out(tab: Tab) -> None:
    tab.page.context.clear_cookies()
    tab.open("/accounts/login/")


def test_a_passkey_is_made_once_for_an_authenticator(owner):
    add(owner.tab, "Laptop")
    expect(owner.tab.page.locator("#passkey-card")).to_contain_text("Laptop")
    owner.tab.check("passkey-added")
    add(owner.tab, "Laptop again")
    expect(owner.tab.page.get_by_role("alert")).to_contain_text("already keeps a passkey")


def test_signing_in_takes_neither_name_nor_password(owner):
    add(owner.tab, "Laptop")
    expect(owner.tab.page.locator("#passkey-card")).to_contain_text("Laptop")
    owner.tab.page.add_init_script(NO_AUTOFILL)
    sign_out(owner.tab)
    owner.tab.page.get_by_role("button", name="Sign in with a passkey").click()
    owner.tab.page.wait_for_url("**/overview/")
    owner.tab.check()


def test_autofill_offers_the_passkey(owner):
    add(owner.tab, "Laptop")
    expect(owner.tab.page.locator("#passkey-card")).to_contain_text("Laptop")
    sign_out(owner.tab)
    owner.tab.page.wait_for_url("**/overview/")  # the virtual authenticator chooses the only one there is


def test_a_passkey_confirms_who_is_there(owner):
    add(owner.tab, "Laptop")
    expect(owner.tab.page.locator("#passkey-card")).to_contain_text("Laptop")
    owner.tab.open("/accounts/reauthenticate/passkey/?next=/settings/security/tokens/new/")
    owner.tab.check("sudo-passkey")
    owner.tab.page.get_by_role("button", name="Use a passkey").press("Enter")
    owner.tab.page.wait_for_url("**/settings/security/tokens/new/")


def test_an_authenticator_that_does_not_know_its_user_opens_nothing(owner):
    add(owner.tab, "Laptop")
    expect(owner.tab.page.locator("#passkey-card")).to_contain_text("Laptop")
    owner.verifies(verified=False)
    sign_out(owner.tab)
    owner.tab.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(owner.tab.page.get_by_role("alert")).to_contain_text("Nothing happened")
    owner.tab.open("/overview/")
    assert "/accounts/login/" in owner.tab.page.url


@pytest.mark.req("F10")
def test_switched_off_while_the_page_is_open_it_says_so(owner, installation):
    owner.tab.open("/settings/security/passkeys/new/")
    installation.manage("shell", "-v", "0", "-c", SWITCH_OFF)
    owner.tab.page.get_by_label("Name").fill("Laptop")
    owner.tab.page.get_by_role("button", name="Create passkey").click()
    expect(owner.tab.page.get_by_role("alert")).to_have_text("Administrator has not enabled Passkey login")
    sign_out(owner.tab)
    expect(owner.tab.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
