"""No way off the site: whatever `next` says."""

from urllib.parse import urlsplit

import pytest

from tests.accounts.conftest import PASSWORD

PROBES = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://localhost/",
    "https://localhost:8000@evil.example/",
    "http://localhost:8000.evil.example/",
    "http://localhost:9/",
    "http://localhost/",
    "http://[::1",
    "http://evil.example\\@localhost:8000/",
    "%2f%2fevil.example",
    "\x00//evil.example",
    "http://127.0.0.1:8000/",
]


def stays(response) -> bool:
    """A redirect, or what a page offers as one, keeps to this site."""
    target = urlsplit(response.get("Location", ""))
    return target.netloc in {"", "localhost:8000"} and target.scheme in {"", "http"} and "evil" not in target.netloc


def here(response) -> bool:
    location = response.get("Location", "/")
    return stays(response) and location.startswith("/") and not location.startswith(("//", "/\\"))


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_sign_in_stays_on_the_site(user, browser, probe):
    answer = browser.post(f"/accounts/login/?next={probe}", {"login": "mei", "password": PASSWORD, "next": probe})
    assert answer.status_code == 302
    assert here(answer), answer["Location"]


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_step_up_and_sign_out_stay_on_the_site(user, signed_in, probe):
    again = signed_in.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": probe})
    assert here(again), again["Location"]
    already = signed_in.get("/accounts/login/", {"next": probe})
    assert here(already), already["Location"]
    out = signed_in.post("/accounts/logout/", {"next": probe})
    assert here(out), out["Location"]


@pytest.mark.req("I6")
@pytest.mark.parametrize("probe", PROBES)
def test_the_admin_stays_on_the_site(admin_browser, browser, user, probe):
    assert here(admin_browser.get("/admin/login/", {"next": probe}))
    assert here(browser.get("/admin/login/", {"next": probe}))


def test_a_page_of_this_site_is_a_fine_place_to_go(user, browser):
    assert browser.sign_in(next="/keys/?page=2")["Location"] == "/keys/?page=2"
