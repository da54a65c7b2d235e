"""Pages that say what went wrong, in every look: no violation of the CSP or of axe, and a hostile address is text."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.journeys.conftest import Tab
from tests.journeys.test_pages import LOOKS, open_as
from tests.journeys.walk import ALL_IN_ONE, Walk

pytestmark = pytest.mark.e2e

TABLE, ASIDE = "privacy_privacysettings", "privacy_aside"
RENAME = "from django.db import connection; connection.cursor().execute('ALTER TABLE {} RENAME TO {}')"
HOSTILE = quote(ALL_IN_ONE)


@pytest.fixture
def failing(installation) -> Iterator[str]:
    """The path of a page whose table is gone."""
    installation.manage("shell", "-v", "0", "-c", RENAME.format(TABLE, ASIDE))
    yield f"/settings/privacy/?q={HOSTILE}"
    installation.manage("shell", "-v", "0", "-c", RENAME.format(ASIDE, TABLE))


def looked_at(tab: Tab, name: str) -> None:
    walk = Walk(tab.page)
    walk.look()
    assert walk.faults == []
    tab.check(name)


@pytest.mark.req("I3", "I10")
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_error_page_is_sound(browser, installation, cookies, failing, look):
    tab, suffix = open_as(browser, installation, cookies, look), "-".join(look)
    tab.open(f"/{HOSTILE}/?q={HOSTILE}", status=404)
    looked_at(tab, f"error-404-{suffix}")
    tab.open(f"/admin/accounts/user/act/disable/?ids=1&q={HOSTILE}", status=403)  # nobody acts on themselves
    looked_at(tab, f"error-403-{suffix}")
    tab.open(failing, status=500)
    looked_at(tab, f"error-500-{suffix}")
    tab.url = tab.url.replace("localhost", "other.localhost")  # a host that this site does not answer under
    tab.open(f"/overview/?q={HOSTILE}", status=400)
    looked_at(tab, f"error-400-{suffix}")
    tab.page.context.close()


@pytest.mark.req("I3", "I10")
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_a_form_without_its_token_is_told_so(browser, installation, look):
    tab = open_as(browser, installation, [], look)
    tab.open("/accounts/login/")
    tab.page.locator("input[name=login]").fill(ALL_IN_ONE)
    tab.page.locator("input[name=password]").fill("whatever it is")
    tab.page.context.clear_cookies(name="csrf")
    with tab.page.expect_navigation():
        tab.page.locator("input[name=password]").press("Enter")
    assert "403" in tab.faults.pop()
    looked_at(tab, f"error-stale-{'-'.join(look)}")
    tab.page.context.close()
