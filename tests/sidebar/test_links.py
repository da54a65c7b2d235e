"""No page leads to one that the operator has turned off."""

import re
from datetime import UTC, datetime

import pytest

from accounts.models import User
from console import demo
from sidebar.modules import MODULES
from tests.accounts.conftest import Browser
from tests.sidebar.conftest import turn_off

BUILT = [module for module in MODULES if not module.planned and module.key != "settings"]
LINK = re.compile(r'(?:href|action|hx-get|hx-post)="(/[^"?#]*)')
PAGES = (
    *("/overview/", "/keys/", "/logs/usage/", "/wallet/", "/settings/", "/settings/profile/", "/settings/security/"),
    *(
        "/settings/notifications/",
        "/settings/pricing/",
        "/settings/privacy/",
        "/settings/sidebar/",
        "/settings/delete/",
    ),
)


@pytest.fixture
def lived_in(db) -> Browser:
    """A browser of an account with a month of calls, errors and entries, most of its money spent."""
    demo.fill(seed=7, now=datetime.now(UTC), calls=300)
    browser = Browser()
    browser.force_login(User.objects.get(username="demo"))
    return browser


def links(browser: Browser) -> dict[str, set[str]]:
    """Return what each page that opens leads to."""
    found = {}
    for name in PAGES:
        page = browser.get(name)
        if page.status_code == 200:
            found[name] = set(LINK.findall(page.content.decode()))
    return found


@pytest.mark.parametrize("module", BUILT, ids=lambda module: module.key)
def test_no_page_leads_to_what_is_off(lived_in, module):
    before = links(lived_in)
    assert any(module.owns(path) for paths in before.values() for path in paths), "there is something to leave out"
    turn_off(module.key)
    after = links(lived_in)
    assert len(after) >= len(PAGES) - 1
    assert {(page, path) for page, paths in after.items() for path in paths if module.owns(path)} == set()
