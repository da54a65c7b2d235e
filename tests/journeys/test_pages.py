"""Every page in both themes, both sizes and both languages: no violation of the CSP or of axe, nothing too wide."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Tab
from tests.scale import SCALE

pytestmark = pytest.mark.e2e

PAGES = {
    "overview": "/overview/",
    "keys": "/keys/",
    "key-new": "/keys/new/",
    "usage": "/logs/usage/",
    "wallet": "/wallet/",
    "profile": "/settings/profile/",
    "notifications": "/settings/notifications/",
    "deliveries": "/settings/notifications/deliveries/",
    "settings": "/settings/",
    "settings-found": "/settings/?q=2fa",
    "settings-none": "/settings/?q=zzz",
    "pricing": "/settings/pricing/",
    "pricing-accept": "/settings/pricing/accept/?monthly_cap=5",
    "privacy": "/settings/privacy/",
    "sidebar": "/settings/sidebar/",
    "security": "/settings/security/",
    "sessions": "/settings/security/sessions/",
    "events": "/settings/security/events/",
    "tokens": "/settings/security/tokens/",
    "token-new": "/settings/security/tokens/new/",
    "api-docs": "/api/docs",
    "email": "/accounts/email/",
    "password": "/accounts/password/change/",
    "passkeys": "/settings/security/passkeys/",
    "passkey-new": "/settings/security/passkeys/new/",
    "two-factor": "/settings/security/two-factor/",
    "two-factor-off": "/settings/security/two-factor/off/",
    "recovery-codes": "/settings/security/two-factor/codes/",
    "delete": "/settings/delete/",
    "deleted": "/accounts/deleted/",
    "logout": "/accounts/logout/",
    "missing": "/nowhere/",
}
SIGNED_OUT = {
    "login": "/accounts/login/",
    "reset": "/accounts/password/reset/",
    "reset-done": "/accounts/password/reset/done/",
    "reset-over": "/accounts/password/reset/key/1-stale/",
    "reset-changed": "/accounts/password/reset/key/done/",
    "mail-sent": "/accounts/confirm-email/",
    "mail-over": "/accounts/confirm-email/stale/",
    "inactive": "/accounts/inactive/",
    "signup": "/accounts/signup/",
    "setup": "/setup/?token=wrong",
}
STATUS = {"missing": 404, "setup": 404, "signup": 403}
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
# each theme, size and language with each other; at full scale every combination
PAIRED = [
    ("light", "wide", "en"),
    ("dark", "narrow", "en"),
    ("light", "narrow", "zh-hans"),
    ("dark", "wide", "zh-hans"),
]
LOOKS = PAIRED if SCALE < 1 else list(itertools.product(["light", "dark"], SIZES, ["en", "zh-hans"]))


def open_as(browser, installation, cookies, look) -> Tab:
    theme, size, language = look
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        has_touch=size == "narrow",
        device_scale_factor=1.5,
        color_scheme=theme,
        reduced_motion="reduce",
    )
    context.add_cookies(cookies)
    for name, value in (("theme", theme), ("language", language)):
        context.add_cookies([{"name": name, "value": value, "url": installation.url}])
    return Tab(context.new_page(), installation.url)


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_page_is_sound(browser, installation, cookies, look):
    tab = open_as(browser, installation, cookies, look)
    for name, path in PAGES.items():
        tab.open(path, status=STATUS.get(name, 200))
        tab.check(f"{name}-{'-'.join(look)}")
    tab.page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_signed_out_page_is_sound(browser, installation, look):
    tab = open_as(browser, installation, [], look)
    for name, path in SIGNED_OUT.items():
        tab.open(path, status=STATUS.get(name, 200))
        tab.check(f"{name}-{'-'.join(look)}")
    tab.page.context.close()


@pytest.mark.parametrize("width", [320, 640, 768, 1024, 1280, 1920])
def test_no_page_is_wider_than_its_window(tab, width):
    tab.page.set_viewport_size({"width": width, "height": 800})
    for path in [*PAGES.values(), "/accounts/login/"]:
        tab.page.goto(tab.url + path)
        wide = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px too wide at {width}"


def test_bars_of_the_chart_say_what_they_show(tab):
    tab.open("/overview/")
    tab.page.locator(".bar").nth(20).hover()

    tip = tab.page.locator(".chart-tip")
    expect(tip).to_contain_text("claude-sonnet-4-5")
    expect(tip).to_contain_text("$")
    tab.check("overview-tip-light")
    tab.page.get_by_role("heading", level=1).hover()
    expect(tip).to_be_hidden()


@pytest.mark.parametrize("path", ["/settings/profile/", "/settings/privacy/", "/settings/delete/"])
def test_the_tab_one_is_on_is_in_sight_on_a_phone(tab, path):
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open(path)
    current = tab.page.locator(".tabs [aria-current]")
    expect(current).to_be_in_viewport(ratio=1)
    box = current.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390 * 0.88 + 1, "it stands under the fade"
