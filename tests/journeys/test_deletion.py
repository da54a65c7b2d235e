"""Taking the data along and deleting the account, by the keyboard alone."""

import zipfile

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Tab
from tests.journeys.keyboard import press, write
from tests.journeys.seed import PASSWORD

pytestmark = pytest.mark.e2e

PAGE = "/settings/delete/"


@pytest.fixture
def leaver(browser, installation, name):
    """A tab of a new account, signed in by keyboard."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    tab = Tab(context.new_page(), installation.url)
    tab.open("/accounts/login/")
    write(tab.page, tab.page.get_by_label("Username or e-mail"), name)
    write(tab.page, tab.page.get_by_label("Password"), PASSWORD)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/overview/")
    yield tab
    context.close()


def test_somebody_takes_their_data_along_and_leaves(leaver, name, tmp_path):
    leaver.open(PAGE)
    press(leaver.page, leaver.page.get_by_role("button", name="Export data"))
    expect(leaver.page.get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    leaver.check("delete-exported")
    with leaver.page.expect_download() as begun:
        press(leaver.page, leaver.page.get_by_role("link", name="Download"))
    begun.value.save_as(tmp_path / "export.zip")
    leaver.faults.clear()  # a download is a visit that the browser breaks off
    assert zipfile.ZipFile(tmp_path / "export.zip").testzip() is None

    write(leaver.page, leaver.page.get_by_label("Your username, to confirm"), name.upper())
    leaver.page.keyboard.press("Enter")
    field = leaver.page.get_by_label("Your username, to confirm")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    leaver.expect(422)
    leaver.check("delete-refused")

    write(leaver.page, field, name)
    press(leaver.page, leaver.page.get_by_role("button", name="Confirm deletion"))
    leaver.page.wait_for_url("**/accounts/deleted/")
    leaver.check("deleted")
    leaver.page.goto(f"{leaver.url}/overview/")
    assert "/accounts/login/" in leaver.page.url, "nobody is signed in any more"
