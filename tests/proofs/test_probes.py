"""Probes from outside against every route: ways off the site, foreign hosts and origins, odd methods."""

import pytest

from notifications import services as notifications
from tests.accounts.conftest import Browser
from tests.proofs.urlmap import routes
from tests.security.test_redirects import PROBES, stays

HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "localhost:8000.evil.example",
    "localhost@evil.example",
    "evil.example:8000",
    "a b",
    "[::1",
    "10.0.0.1",
]
FORWARDED = ["x-forwarded-host", "forwarded", "x-host", "x-forwarded-server", "x-original-host", "x-http-host-override"]


@pytest.mark.req("I6")
def test_no_page_leads_off_the_site_whatever_next_says(user, admin, account_browser, admin_browser, browser, capsys):
    left, asked = [], 0
    plain = [route for route in routes() if not route.arguments and route.name != "account_logout"]
    for route in plain:
        for probe in PROBES:
            headers = {"hx-current-url": probe, "referer": probe} if probe.isprintable() else {}
            for client in (admin_browser if route.in_admin else account_browser, browser):
                answer = client.get(route.path(), {"next": probe, "url": probe}, headers=headers)
                asked += 1
                if not stays(answer) or "evil" in answer.headers.get("HX-Redirect", ""):
                    left.append((route.name, probe, answer["Location"]))
    with capsys.disabled():
        print(f"\nways off the site: {asked} looks, {len(left)} left it")  # noqa: T201 (a figure to report)
    assert asked > 3_000
    assert left == []


@pytest.mark.req("I6")
@pytest.mark.parametrize("name", ["set_theme", "set_language"])
@pytest.mark.parametrize("probe", PROBES)
def test_choices_of_how_pages_look_lead_back_to_the_site(account_browser, name, probe):
    (route,) = (route for route in routes() if route.name == name)
    sent = {"theme": "dark", "language": "en", "next": probe}
    headers = {"referer": probe} if probe.isprintable() else {}
    assert stays(account_browser.post(route.path(), sent, headers=headers))


@pytest.mark.req("I7")
@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_gets_nothing_from_any_page(account_browser, host):
    for path in ("/", "/overview/", "/accounts/login/", "/admin/", "/api/account", "/prefs/theme/"):
        assert account_browser.get(path, headers={"host": host}).status_code == 400, path


@pytest.mark.req("I7")
@pytest.mark.parametrize("header", FORWARDED)
def test_what_a_client_says_of_the_host_is_in_no_link(user, settings, tmp_path, header):
    settings.EMAIL_FILES = tmp_path
    evil = "host=evil.example" if header == "forwarded" else "evil.example"
    answer = Browser().post("/accounts/password/reset/", {"email": user.email}, headers={header: evil})
    assert "evil" not in answer["Location"]
    notifications.deliver_due()
    (mail,) = (path.read_text() for path in tmp_path.iterdir())
    assert "http://localhost:8000/accounts/password/reset/key/" in mail
    assert "evil" not in mail


@pytest.mark.req("I8")
def test_no_page_lets_a_foreign_origin_read_it(user, account_browser):
    for route in (route for route in routes() if not route.in_admin):
        for method in ("GET", "OPTIONS"):
            headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
            answer = account_browser.generic(method, route.of(user), headers=headers)
            assert [name for name in answer.headers if name.lower().startswith("access-control")] == [], route.name


@pytest.mark.req("I20")
def test_no_route_answers_trace(user, admin, account_browser, admin_browser):
    for route in routes():
        client, owner = (admin_browser, admin) if route.in_admin else (account_browser, user)
        assert client.trace(route.of(owner)).status_code == 405, route.name
    assert account_browser.trace("/api/account").status_code == 405


@pytest.mark.req("I20")
@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/.env", "/manage.py", "/requirements.txt", "/static/../config/settings.py", "/media/"),
        *("/__debug__/", "/api/redoc", "/docs", "/redoc", "/metrics/debug", "/server-status", "/var/"),
        *("/static/", "/static/css/", "/phpinfo.php", "/actuator/env", "/swagger.json"),
    ],
)
def test_nothing_of_the_inside_is_served(account_browser, settings, path):
    assert settings.DEBUG is False
    answer = account_browser.get(path)
    assert answer.status_code == 404
    for word in (b"Traceback", b"DEBUG", b"Using the URLconf", b"urlpatterns", b"Django"):
        assert word not in answer.content


@pytest.mark.req("I20")
def test_no_header_names_a_version(account_browser, browser):
    for client in (account_browser, browser):
        for path in ("/accounts/login/", "/overview/", "/nothing/", "/api/account"):
            assert not {"server", "x-powered-by", "via"} & {name.lower() for name in client.get(path).headers}
