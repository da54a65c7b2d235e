"""The headers of every answer: all routes, every kind of refusal, files, /v1 and /api."""

from collections.abc import Iterator

import pytest
import requests

from console import overview
from tests.accounts.test_pages import holds_up
from tests.proofs.urlmap import routes
from tests.serving import Server

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
}


@pytest.mark.req("I3", "I4", "I5")
def test_every_page_of_the_map_holds_up(user, admin, account_browser, admin_browser, browser, capsys):
    answers = 0
    for route in (route for route in routes() if route.name != "favicon"):
        for client, owner in ((account_browser, user), (admin_browser, admin), (browser, user)):
            response = client.get(route.of(owner))
            assert response.status_code < 500, route.name
            holds_up(response)
            answers += 1
    with capsys.disabled():
        print(f"\nheaders: {answers} answers")  # noqa: T201 (a figure to report)
    assert answers > 400


@pytest.mark.req("I3", "I4", "I5")
@pytest.mark.parametrize("path", ["/nothing/", "/static/nothing.css", "/prefs/theme/", "/overview/%00"])
def test_refusals_hold_up(account_browser, path):
    response = account_browser.get(path)
    assert response.status_code in {404, 405}
    holds_up(response)


@pytest.mark.req("I3", "I4", "I5")
def test_a_page_that_fails_holds_up(user, account_browser, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(overview, "figures", fail)
    account_browser.raise_request_exception = False
    response = account_browser.get("/overview/")
    assert response.status_code == 500
    assert b"the inside" not in response.content
    holds_up(response)


@pytest.fixture(scope="module")
def behind_https() -> Iterator[Server]:
    """An installation behind a proxy that speaks https."""
    with Server(TOLLGATE_BASE_URL="https://gate.example", TOLLGATE_TRUSTED_PROXIES="127.0.0.0/8,::1/128") as server:
        yield server


def ask(server: Server, method: str, path: str, **kwargs) -> requests.Response:
    headers = {"Host": "gate.example", "X-Forwarded-Proto": "https", **kwargs.pop("headers", {})}
    return requests.request(method, f"{server.url}{path}", headers=headers, timeout=30, allow_redirects=False, **kwargs)


@pytest.mark.req("I3", "I4", "I5")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/accounts/login/", 200),
        ("GET", "/overview/", 302),
        ("GET", "/admin/", 302),
        ("GET", "/nothing/", 404),
        ("POST", "/accounts/login/", 403),
        ("TRACE", "/accounts/login/", 405),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/api/account", 401),
        ("GET", "/api/nothing", 404),
        ("GET", "/v1/models", 401),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/models", 405),
        ("OPTIONS", "/v1/models", 204),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
    ],
)
def test_every_kind_of_answer_carries_them(behind_https, method, path, status):
    answer = ask(behind_https, method, path)
    assert answer.status_code == status
    guarded(answer)


@pytest.mark.req("I3", "I4", "I5")
def test_files_and_refusals_of_the_door_carry_them(behind_https):
    page = ask(behind_https, "GET", "/accounts/login/").text
    (style, *_) = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/static/")]
    files = ask(behind_https, "GET", style)
    assert files.status_code == 200
    guarded(files)
    guarded(ask(behind_https, "GET", "/accounts/login/", headers={"Host": "evil.example"}))
    large = ask(behind_https, "POST", "/accounts/login/", data=b"x" * (2**21 + 1))
    assert large.status_code == 413
    guarded(large)


def guarded(answer: requests.Response) -> None:
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE, answer.url
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
