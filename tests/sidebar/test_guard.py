"""What the operator turns off does not exist: walked over the whole map of pages and of /api."""

import pytest
from django.urls import reverse

from config.api import api as assembled
from config.api_docs import Document
from gateway import keys
from sidebar import modules, services
from sidebar.models import SidebarPolicy
from sidebar.modules import MODULES, SETTINGS
from tests.api.conftest import error
from tests.proofs.conftest import account_browser, admin, admin_browser, outbox, provider
from tests.proofs.urlmap import Route, routes
from tests.second_factor import enroll
from tests.sidebar.conftest import turn_off

__all__ = ["account_browser", "admin", "admin_browser", "outbox", "provider"]

WAY_IN = "the way in, out and back: who an account is, not what it uses"
FRAME = "of the frame of every page"
# pages that belong to no module, and why
EXEMPT = {
    **dict.fromkeys(
        ("account_confirm_email", "account_deleted", "account_email_verification_sent", "account_inactive"), WAY_IN
    ),
    **dict.fromkeys(("account_login", "account_logout", "account_reauthenticate", "account_signup"), WAY_IN),
    **dict.fromkeys(("account_reset_password", "account_reset_password_done"), WAY_IN),
    **dict.fromkeys(("account_reset_password_from_key", "account_reset_password_from_key_done"), WAY_IN),
    **dict.fromkeys(("link_sign_in", "passkey_sign_in", "passkey_sign_in_options", "second_factor", "setup"), WAY_IN),
    **dict.fromkeys(("provider_back", "provider_sign_in", "provider_sign_up"), WAY_IN),
    **dict.fromkeys(("sudo_code", "sudo_none", "sudo_passkey", "sudo_passkey_options", "sudo_provider"), WAY_IN),
    **dict.fromkeys(("account_change_password", "account_set_password", "account_email"), "of the settings"),
    **dict.fromkeys(("provider_bind", "binding_remove"), "of the settings"),
    **dict.fromkeys(("favicon", "home", "set_language", "set_theme"), FRAME),
}
EXEMPT_CALLS = {
    "/api/account": "says who a token belongs to",
    "/api/version": "says which Tollgate answers",
    "/api/openapi.json": "describes every call",
    "/api/docs": "describes every call",
}
CALLS = [(method.upper(), path) for path, methods in Document(assembled)["paths"].items() for method in methods]
LOCKABLE = [module for module in MODULES if module.key != SETTINGS]
BUILT = [module for module in LOCKABLE if not module.planned]


@pytest.fixture
def user(user):
    """An account with a second factor."""
    enroll(user)
    return user


def example(path: str) -> str:
    return path.replace("{key_id}", "1")


def theirs(route: Route, module: modules.Module) -> bool:
    return not route.in_admin and module.owns(route.path(**dict.fromkeys(route.arguments, "1")))


def test_every_page_belongs_to_a_module_or_is_exempt_by_name(db):
    stray, exempt = [], set()
    for route in (route for route in routes() if not route.in_admin):
        owner = modules.of(route.path(**dict.fromkeys(route.arguments, "1")))
        if owner is None and route.name not in EXEMPT:
            stray.append(route.name)
        elif owner is None:
            exempt.add(route.name)
    assert stray == [], "give the module in sidebar/modules.py a root, or say in EXEMPT why it belongs to none"
    assert exempt == set(EXEMPT), "what is exempt exists, and belongs to no module"


def test_every_call_of_api_belongs_to_a_module_or_is_exempt_by_name():
    stray = {path for _, path in CALLS if modules.of(example(path)) is None} - set(EXEMPT_CALLS)
    assert stray == set()
    assert {path for path in EXEMPT_CALLS if modules.of(path)} == set()


@pytest.mark.parametrize("module", BUILT, ids=lambda module: module.key)
def test_off_every_page_and_call_of_it_is_not_found_and_nothing_else_is(account_browser, api, user, module, capsys):
    key = keys.mint(user, "laptop")[0].pk
    turn_off(module.key)
    answers = [*asked_pages(account_browser, module, key), *asked_calls(api, key)]
    wrong = [way for way, path, closed in answers if closed != module.owns(path)]
    count = sum(module.owns(path) for _, path, _ in answers)
    with capsys.disabled():
        print(f"\n{module.key} off: {count} ways closed, {len(wrong)} wrong")  # noqa: T201 (a figure to report)
    assert count > 1
    assert wrong == []
    if module.key == "api_keys":
        assert user.api_keys.filter(pk=key).exists(), "no way that is closed deletes it"


def asked_pages(browser, module, key):
    """Yield what was asked for, its path, and whether it was not there, for each page of the module."""
    for route in (route for route in routes() if not route.in_admin and theirs(route, module)):
        path = route.path(pk=key)
        for method in ("get", "post"):
            yield f"{method} {path}", path, getattr(browser, method)(path).status_code == 404


def asked_calls(api, key):
    """Yield the same for each call of /api."""
    for method, path in CALLS:
        named = path.replace("{key_id}", str(key))
        answer = api(method, named.removeprefix("/api"), {})
        gone = method == "DELETE" or "{" not in path  # a row that an earlier call deleted is not there either
        closed = answer.status_code == 404 and error(answer)["code"] == "not_found"
        assert answer.headers["x-request-id"].startswith("api_")
        owner = modules.of(named)
        if gone or not closed or (owner and owner.key in services.off()):
            yield f"{method} {named}", named, closed


@pytest.mark.parametrize("module", BUILT, ids=lambda module: module.key)
def test_on_again_it_opens_at_the_next_request(account_browser, module):
    path = reverse(module.url_name)
    turn_off(module.key)
    assert account_browser.get(path).status_code == 404
    SidebarPolicy.objects.update(**{module.key: True})
    assert account_browser.get(path).status_code == 200


@pytest.mark.parametrize("module", BUILT, ids=lambda module: module.key)
def test_what_an_account_hides_it_still_opens(account_browser, api, user, module):
    services.hide(user, [module.key])
    assert account_browser.get(reverse(module.url_name)).status_code == 200
    for method, path in CALLS:
        if method == "GET" and module.owns(path) and "{" not in path:
            assert api.get(path.removeprefix("/api")).status_code == 200


def test_the_models_follow_the_keys():
    assert modules.of("/models/") is modules.of("/keys/") is modules.of("/api/models")


def test_administrators_are_no_exception(admin_browser):
    turn_off("wallet")
    assert admin_browser.get("/wallet/").status_code == 404
    assert admin_browser.get("/admin/wallet/wallet/").status_code == 200


def test_strangers_learn_nothing_of_what_is_off(client, db):
    turn_off("wallet")
    assert client.get("/wallet/").headers["Location"].startswith(reverse("account_login"))


def test_a_page_that_is_off_says_so_as_a_page_and_a_call_as_json(account_browser, api):
    turn_off("usage_logs")
    page = account_browser.get("/logs/usage/")
    assert "There is nothing here" in page.content.decode()
    assert error(api.get("/usage"))["code"] == "not_found"
    assert api.get("/usage/summary").status_code == 404
    assert api.client.get("/api/usage").status_code == 404, "without a token too"


def test_names_that_only_begin_alike_are_not_taken_for_it():
    assert modules.of("/api/keysmith") is None
    assert modules.of("/keyside/") is None
    assert modules.of("/api/usage") is not None


@pytest.mark.parametrize("way", ["/", "/accounts/login/"])
def test_where_the_overview_is_off_people_are_led_to_the_first_page_there_is(account_browser, way):
    turn_off("overview")
    assert account_browser.get(way).headers["Location"] == "/keys/"
    turn_off("overview", "api_keys", "usage_logs", "wallet")
    assert account_browser.get(way).headers["Location"] == "/settings/"
