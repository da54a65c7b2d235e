"""The switches of theme and language."""

import pytest


@pytest.mark.parametrize("theme", ["", "light", "dark"])
def test_theme_is_remembered_and_leads_back(client, db, theme):
    answer = client.post("/prefs/theme/", {"theme": theme, "next": "/accounts/login/?next=/keys/"})

    assert answer.headers["Location"] == "/accounts/login/?next=/keys/"
    assert client.cookies["theme"].value == theme
    assert client.cookies["theme"]["httponly"]


def test_theme_switched_by_script_needs_no_page(client, db):
    answer = client.post("/prefs/theme/", {"theme": "dark"}, headers={"HX-Request": "true"})

    assert (answer.status_code, client.cookies["theme"].value) == (204, "dark")


def test_chosen_theme_colors_the_next_page(client, db):
    client.post("/prefs/theme/", {"theme": "dark"})

    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()


def test_secure_installation_binds_the_theme_to_its_host(client, db, settings):
    settings.HTTPS = True

    client.post("/prefs/theme/", {"theme": "dark"})

    assert client.cookies["__Host-theme"]["secure"]


@pytest.mark.parametrize(("path", "field"), [("/prefs/theme/", "theme"), ("/prefs/language/", "language")])
def test_unknown_choice_is_refused(client, db, path, field):
    assert client.post(path, {field: "purple"}).status_code == 400


@pytest.mark.parametrize("path", ["/prefs/theme/", "/prefs/language/"])
def test_switch_is_never_a_link(client, db, path):
    assert client.get(path).status_code == 405


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_switch_leads_nowhere_else(client, db, target):
    assert client.post("/prefs/language/", {"language": "en", "next": target}).headers["Location"] == "/"


def test_language_of_a_visitor_is_a_cookie(client, db):
    client.post("/prefs/language/", {"language": "zh-hans"})

    answer = client.get("/accounts/login/")
    assert '<html lang="zh-Hans"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "zh-hans"


def test_language_of_an_account_follows_it(client, user):
    client.force_login(user)

    client.post("/prefs/language/", {"language": "zh-hans"})

    user.refresh_from_db()
    assert user.language == "zh-hans"
    client.cookies.pop("language")
    assert '<html lang="zh-Hans"' in client.get("/keys/").content.decode()


@pytest.mark.parametrize(
    ("base_url", "https", "warned"),
    [
        ("http://gate.lan:8000", False, True),
        ("http://localhost:8000", False, False),
        ("http://127.0.0.1:8000", False, False),
        ("http://[::1]:8000", False, False),
        ("https://gate.example.com", True, False),
    ],
)
def test_plain_http_is_warned_of_except_at_home(client, db, settings, base_url, https, warned):
    settings.BASE_URL, settings.HTTPS = base_url, https

    assert ("not encrypted" in client.get("/accounts/login/").content.decode()) is warned


def test_theme_of_an_account_follows_it(client, user):
    client.force_login(user)
    client.post("/prefs/theme/", {"theme": "dark"})

    user.refresh_from_db()
    assert user.theme == "dark"
    client.cookies.pop("theme")
    assert 'data-theme="dark"' in client.get("/keys/").content.decode()


def test_the_account_stands_above_the_cookie_and_the_cookie_above_the_browser(client, user):
    user.theme, user.language = "dark", "zh-hans"
    user.save()
    client.cookies["theme"], client.cookies["language"] = "light", "en"
    asked = {"Accept-Language": "en"}
    visitor = client.get("/accounts/login/", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert '<html lang="en" data-theme="light"' in visitor
    client.force_login(user)
    assert '<html lang="zh-Hans" data-theme="dark"' in client.get("/keys/", headers=asked).content.decode()

    user.theme = user.language = ""
    user.save()
    client.cookies["language"] = "zh-hans"
    assert '<html lang="zh-Hans" data-theme="light"' in client.get("/keys/", headers=asked).content.decode()
    client.cookies.pop("language")
    assert '<html lang="en" data-theme="light"' in client.get("/keys/", headers=asked).content.decode()


def test_matching_the_system_leaves_the_theme_to_each_browser_again(client, user):
    user.theme = "dark"
    user.save()
    client.force_login(user)
    client.post("/prefs/theme/", {"theme": ""})

    assert "data-theme" not in client.get("/keys/").content.decode()
