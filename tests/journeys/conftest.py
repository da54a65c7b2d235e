"""A served installation and a browser to walk through it."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.journeys.seed import PASSWORD, USERNAME
from tests.second_factor import SECRET
from tests.serving import Server

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROOF_SECONDS = 300  # the step-up asks again after 600; the walk through the pages may take longer
PROVEN = {"at": time.monotonic()}
PROVE_AGAIN = "from tests.journeys import seed; seed.prove()"
ABORTED = "net::ERR_ABORTED"
OPEN = """
from accounts import limits
from console.accounts import open_account
open_account(username={name!r}, email="{name}@example.com", password={password!r})
for address in ("127.0.0.1", "::/64"):  # every journey fails from the same one
    limits.forgive(limits.SIGN_IN_ADDRESS, address)
"""
LOST = """[...document.querySelectorAll("[hx-target^='#']")]
    .map((node) => node.getAttribute("hx-target")).filter((target) => !document.querySelector(target))"""
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`csp: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


def sign_in(browser: Browser, url: str):
    """Return the cookies of the account with a month behind it, signed in with its second factor."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username or e-mail").fill(USERNAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(pyotp.TOTP(SECRET).now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/overview/")
    kept = context.cookies()
    context.close()
    return kept


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def installation() -> Iterator[Server]:
    """A running installation with an account that has a month behind it."""
    with Server() as server:
        server.manage("shell", "-v", "0", "-c", "from tests.journeys import seed; seed.fill()")
        yield server


@pytest.fixture(scope="session")
def signed_in(browser: Browser, installation: Server):
    """The cookies of the account, signed in once for all."""
    return sign_in(browser, installation.url)


@pytest.fixture
def cookies(installation: Server, signed_in):
    """The cookies of the account, whose owner has proven who they are within the last minutes."""
    if time.monotonic() - PROVEN["at"] > PROOF_SECONDS:
        installation.manage("shell", "-v", "0", "-c", PROVE_AGAIN)
        PROVEN["at"] = time.monotonic()
    return signed_in


@pytest.fixture
def name(installation) -> str:
    """A new account's."""
    name = f"walker-{secrets.token_hex(4)}"
    installation.manage("shell", "-v", "0", "-c", OPEN.format(name=name, password=PASSWORD))
    return name


class Tab:
    """A page that remembers what went wrong on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        page.add_init_script(LISTEN)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", self._miss)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _miss(self, request: Request) -> None:
        # what was still on its way when the page was left: a picture, or the offer of a passkey
        if request.resource_type not in {"image", "other", "fetch"} or request.failure != ABORTED:
            self.faults.append(f"{request.url} {request.failure}")

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to a page of the installation, which answers with `status`."""
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status
        self.expect(status)

    def expect(self, status: int) -> None:
        """Take the browser's own words about a page of this status for no fault; they come a moment later."""
        if status >= 400:
            self.page.evaluate("0")
            self.faults = [fault for fault in self.faults if f"responded with a status of {status}" not in fault]

    def shoot(self, name: str) -> None:
        """Keep a picture of the page, where pictures are asked for."""
        self.page.evaluate("document.fonts.ready")
        if name and (folder := os.environ.get("SCREENSHOTS")):
            over = self.page.locator("dialog[open], :popover-open").count() > 0
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=not over)

    def check(self, name: str = "", *, preload: bool = True) -> None:
        """Fail for anything that a person, a screen reader or a browser would complain about.

        Without `preload` axe copies no style sheet, which the CSP would forbid it where one of them imports another.
        """
        self.shoot(name)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px too wide"
        assert self.page.evaluate(LOST) == [], f"{name} would swap what is not there: its buttons do nothing"
        found = Axe().run(self.page, options={"preload": preload})
        assert found.violations_count == 0, found.generate_report()
        assert self.faults == []


@pytest.fixture
def tab(browser: Browser, installation: Server, cookies) -> Iterator[Tab]:
    """A signed-in tab of a common size."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.add_cookies(cookies)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield Tab(context.new_page(), installation.url)
    context.close()
