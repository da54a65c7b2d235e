"""Providers that drip, or never stop: at each page that is asked of them a visit ends in time, and says so."""

import time
from typing import Any

import pytest

from common import outbound
from tests.security.visits import PROFILE, bind, come_back, is_signed_in, leave

pytestmark = pytest.mark.django_db
OPENID = ("/.well-known/openid-configuration", "/keys", "/token")
GITHUB = ("/login/oauth/access_token", "/api/v3/user")
PAGES = [*(("acme", path) for path in OPENID), *(("github", path) for path in GITHUB)]
HEAD = "/.well-known/openid-configuration"


def drip(handler: Any) -> None:
    """Answer with a byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "60000")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)  # it is the provider that dawdles
    except OSError:
        return


def flood(handler: Any) -> None:
    """Answer with one byte more than is read, all of it JSON."""
    handler.send(200, b"{}" + b" " * (64 * 1024 - 1))


def visit(browser: Any, idp: Any, provider: str, path: str, trouble: Any) -> Any:
    """Return the answer to a visit in which one page of the provider misbehaves."""
    if path == HEAD:  # asked for before the browser leaves
        idp.answers[path] = trouble
        return browser.post(f"/accounts/providers/{provider}/sign-in/", {})
    url = leave(browser, f"/accounts/providers/{provider}/sign-in/")
    idp.answers[path] = trouble
    return come_back(browser, url, idp)


@pytest.mark.req("J5")
def test_the_limits_are_those_that_were_promised():
    assert (outbound.CONNECT_TIMEOUT, outbound.DEADLINE, outbound.BODY_LIMIT) == (3.0, 10.0, 64 * 1024)


@pytest.mark.req("J5")
@pytest.mark.parametrize(("provider", "path"), PAGES)
def test_a_page_that_drips_ends_the_visit_in_time(bound, browser, idp, monkeypatch, provider, path):
    monkeypatch.setattr(outbound, "DEADLINE", 0.6)
    began = time.monotonic()
    answer = visit(browser, idp, provider, path, drip)
    assert time.monotonic() - began < 3
    assert answer.status_code == 424
    assert is_signed_in(browser) is None


@pytest.mark.req("J5")
@pytest.mark.parametrize(("provider", "path"), PAGES)
def test_a_page_that_is_too_long_is_not_believed(bound, browser, idp, provider, path):
    answer = visit(browser, idp, provider, path, flood)
    assert answer.status_code == 424
    assert is_signed_in(browser) is None


@pytest.mark.req("J5")
@pytest.mark.parametrize("trouble", [drip, flood])
def test_a_person_who_only_binds_stays_signed_in_and_is_told(user, signed_in, idp, monkeypatch, trouble):
    monkeypatch.setattr(outbound, "DEADLINE", 0.6)
    idp.answers["/token"] = trouble
    assert bind(signed_in, idp).status_code == 424
    assert is_signed_in(signed_in) == user
    assert signed_in.get(PROFILE).status_code == 200
    assert not user.socialaccount_set.exists()
