"""Account binding in a browser, with the certified oidc-provider: sign up, sign in, confirm, bind, unbind."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import Tab
from tests.journeys.seed import PASSWORD
from tests.serving import ROOT, Server, free_port

pytestmark = pytest.mark.e2e
PACKAGE = "oidc-provider@9.13.3"
CLIENT = {"CLIENT_ID": "tollgate", "CLIENT_SECRET": "a client's secret"}
PROFILE = "/settings/profile/"
CALLBACK, OTHER_CALLBACK = (f"/accounts/providers/{provider}/callback/" for provider in ("acme", "corp"))
MAKE = f"""
from console.accounts import open_account
open_account(username="kim", email="kim@elsewhere.example", password={PASSWORD!r})
"""


@pytest.fixture(scope="module")
def package() -> Iterator[Path]:
    """A folder in which oidc-provider is installed."""
    folder = Path(tempfile.mkdtemp(prefix="oidc-provider-"))
    shutil.copy(ROOT / "tests/peers/oidc_provider.mjs", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), PACKAGE]
    subprocess.run(command, cwd=folder, check=True, timeout=180)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def gate(package: Path) -> Iterator[Server]:
    """An installation whose provider is running beside it, under two ids: one with rules."""
    port = free_port()
    server = Server(
        OIDC_ACME_ISSUER=f"http://localhost:{port}",
        OIDC_ACME_NAME="Acme Login",
        OIDC_ACME_CLIENT_ID=CLIENT["CLIENT_ID"],
        OIDC_ACME_CLIENT_SECRET=CLIENT["CLIENT_SECRET"],
        OIDC_CORP_ISSUER=f"http://localhost:{port}",
        OIDC_CORP_NAME="Corp Login",
        OIDC_CORP_CLIENT_ID=CLIENT["CLIENT_ID"],
        OIDC_CORP_CLIENT_SECRET=CLIENT["CLIENT_SECRET"],
        OIDC_CORP_ONLY="true",
        OIDC_CORP_PREMADE="true",
        OIDC_CORP_DOMAINS="example.com",
        TOLLGATE_SIGNUP="open",
        TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8,::1/128",
    )
    env = os.environ | CLIENT | {"PORT": str(port), "CALLBACK": f"{server.url}{CALLBACK} {server.url}{OTHER_CALLBACK}"}
    with subprocess.Popen(
        ["node", "oidc_provider.mjs"], cwd=package, env=env, stdout=subprocess.PIPE, text=True
    ) as provider:
        try:
            assert provider.stdout
            assert any("listening" in line for line in iter(provider.stdout.readline, ""))
            with server:
                server.manage("shell", "-v", "0", "-c", MAKE)
                yield server
        finally:
            provider.terminate()


@pytest.fixture
def visitor(browser: Browser, gate: Server) -> Iterator[Tab]:
    """A tab of somebody who is signed in nowhere."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    without_fonts(context)
    yield Tab(context.new_page(), gate.url)
    context.close()


def without_fonts(context: BrowserContext) -> None:
    """The provider's pages ask for fonts of the internet, where no test goes."""
    context.route("https://fonts.googleapis.com/**", lambda route: route.fulfill(body="", content_type="text/css"))


def at_the_provider(page: Page, name: str) -> None:
    """Sign in there and agree, as often as it asks."""
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    agree = page.get_by_role("button", name="Continue")
    if "/interaction/" in page.url and agree.count():
        agree.click()


def sign_in(tab: Tab, name: str, provider: str = "Acme Login") -> None:
    tab.open("/accounts/login/")
    tab.page.get_by_role("button", name=f"Continue with {provider}").click()
    at_the_provider(tab.page, name)


def by_password(tab: Tab) -> None:
    tab.open("/accounts/login/")
    tab.page.get_by_label("Username or e-mail").fill("kim")
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in", exact=True).click()
    tab.page.wait_for_url("**/overview/")


@pytest.mark.req("G2", "C3")
def test_an_account_is_made_left_and_come_back_to(visitor, gate):
    page = visitor.page
    sign_in(visitor, "ann")
    page.wait_for_url("**/accounts/providers/sign-up/")
    visitor.check("provider-sign-up")
    expect(page.get_by_label("Username")).to_have_value("ann")
    page.get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/overview/")

    page.context.clear_cookies()
    sign_in(visitor, "ann")
    page.wait_for_url("**/overview/")

    visitor.open("/accounts/email/")
    visitor.check("sudo-provider")
    page.get_by_role("button", name="Sign in again at Acme Login").click()
    at_the_provider(page, "ann")
    page.wait_for_url("**/accounts/email/")

    visitor.open(PROFILE)
    page.get_by_role("button", name="Unbind Acme Login").click()
    expect(page.get_by_text("This is the last way into your account.")).to_be_visible()
    visitor.check("profile-last-way")


@pytest.mark.req("G6", "G8")
def test_a_binding_is_made_and_taken_back(visitor, gate):
    page = visitor.page
    by_password(visitor)
    visitor.open(PROFILE)
    visitor.check("profile-unbound")
    page.get_by_role("button", name="Bind Acme Login").click()
    at_the_provider(page, "kim-there")
    page.wait_for_url(f"**{PROFILE}")
    expect(page.get_by_text("Bound to Acme Login.")).to_be_visible()
    visitor.check("profile-bound")

    page.context.clear_cookies()
    sign_in(visitor, "kim-there")
    page.wait_for_url("**/overview/")

    page.context.clear_cookies()
    by_password(visitor)
    visitor.open(PROFILE)
    page.get_by_role("button", name="Unbind Acme Login").click()
    expect(page.get_by_text("Unbound.")).to_be_visible()

    page.context.clear_cookies()
    sign_in(visitor, "kim-there")
    page.wait_for_url("**/accounts/providers/sign-up/")


def test_a_waiting_account_is_claimed_and_keeps_to_its_provider(visitor, gate):
    gate.manage("user", "create", "pat", "--email", "pat@example.com")
    page = visitor.page
    sign_in(visitor, "pat", "Corp Login")
    page.wait_for_url("**/overview/")
    visitor.open(PROFILE)
    expect(page.get_by_text("your account signs in by Corp Login alone")).to_be_visible()
    visitor.check("profile-sole")
    visitor.open("/settings/security/")
    visitor.check("security-sole")


def test_a_link_of_the_command_line_lets_its_owner_in(visitor, gate):
    gate.manage("user", "create", "lou", "--email", "lou@example.com")
    link = gate.manage("user", "link", "lou").split()[0].removeprefix(gate.url)
    visitor.open(link)
    visitor.check("link")
    visitor.page.get_by_role("button", name="Sign in as lou").click()
    visitor.page.wait_for_url("**/overview/")
    visitor.page.context.clear_cookies()
    visitor.open(link, status=404)
    visitor.check("link-over")


def test_the_pages_hold_up_on_a_phone(browser, gate):
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, color_scheme=scheme, reduced_motion="reduce", locale="zh-CN"
        )
        without_fonts(context)
        tab = Tab(context.new_page(), gate.url)
        tab.open("/accounts/login/")
        tab.check(f"login-390-{scheme}")
        tab.page.locator("form[action$='/acme/sign-in/'] button").click()
        at_the_provider(tab.page, "li")
        tab.page.wait_for_url("**/accounts/providers/sign-up/")
        tab.check(f"provider-sign-up-390-{scheme}")
        tab.open(f"{CALLBACK}?state=nothing", status=400)
        tab.check(f"provider-failed-390-{scheme}")
        context.close()


def test_who_comes_back_from_nowhere_is_told_so(visitor, gate):
    """The page comes from this installation, and says what to do."""
    visitor.open(f"{CALLBACK}?code=x&state=y", status=400)
    expect(visitor.page.get_by_role("heading", name="Nothing came of Acme Login")).to_be_visible()
    visitor.check("provider-failed")
