"""What holds for every page that has an address of its own, whichever room it is of."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.second_factor import enroll, fresh_code

NOT_ASKED = {"/favicon.ico"}  # the same for everybody


def addresses(resolver: URLResolver | None = None, before: str = "/") -> Iterator[str]:
    """Every address without a variable part."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if "<" in path or "(" in path or "\\" in path:
            continue
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path


@pytest.fixture
def administrator(admin, new_browser):
    """A browser that may see every page: signed in, with a second factor."""
    enroll(admin)
    browser = new_browser()
    browser.sign_in("root", "quite a long passphrase")
    assert browser.post("/accounts/login/second-factor/", {"code": fresh_code(admin)}).status_code == 302
    return browser


@pytest.mark.req("I9", "B7")
def test_no_page_is_stored_and_no_cookie_is_loose(administrator, new_browser):
    asked = sorted(set(addresses()) - NOT_ASKED)
    assert len(asked) > 60
    for browser in (administrator, new_browser()):
        for path in asked:
            answer = browser.get(path)
            assert answer.status_code < 500, path
            assert "no-store" in answer["Cache-Control"], path
            for cookie in answer.cookies.values():
                assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/"), path
                assert not cookie["domain"], path


@pytest.mark.req("I9")
@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_signing_out_clears_what_the_browser_kept(administrator, path):
    left = administrator.post(path)
    assert left["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in left["Cache-Control"]
    assert administrator.get("/overview/").status_code == 302, "nor does the button back show anything"
