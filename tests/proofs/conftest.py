"""Browsers of an account and of an administrator, each with a second factor that was just proven."""

import pytest

from accounts.models import User
from security import sudo
from tests.accounts.conftest import Browser, admin, admin_browser, browser, new_browser, outbox
from tests.second_factor import enroll
from wallet import ledger

__all__ = ["admin", "admin_browser", "browser", "new_browser", "outbox"]


@pytest.fixture(autouse=True)
def provider(settings) -> None:
    """One that nobody answers for."""
    known = {"url": "https://127.0.0.1:1", "client_id": "c", "client_secret": "s"}
    settings.PROVIDERS = [{"id": "acme", "name": "Acme", **known}]


@pytest.fixture
def user(user: User) -> User:
    """An account with a second factor and a wallet."""
    enroll(user)
    ledger.open_wallet(user.pk)
    return user


@pytest.fixture
def other(group) -> User:
    """Another account, with a second factor of its own."""
    made = User.objects.create_user("eve", "eve@example.com", "correct horse battery", group=group)
    enroll(made)
    ledger.open_wallet(made.pk)
    return made


@pytest.fixture
def account_browser(user: User) -> Browser:
    """A browser of the account, signed in a moment ago."""
    browser = Browser()
    browser.sign_in()
    assert browser.confirm(user).status_code == 302
    return browser


@pytest.fixture
def other_browser(other: User) -> Browser:
    """A browser of the other account, signed in a moment ago."""
    browser = Browser("198.51.100.77")
    browser.sign_in("eve")
    assert browser.confirm(other).status_code == 302
    return browser


def let_the_proof_lapse(browser: Browser) -> None:
    """Close the window in which this browser's session needs no proof."""
    session = browser.session
    session.pop(sudo.KEY, None)
    session.save()
