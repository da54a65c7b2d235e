"""What changes something: every route of the site by every unsafe method, as the URL map has them."""

import pytest
from django.urls import reverse

from tests.proofs.conftest import let_the_proof_lapse
from tests.proofs.urlmap import CHANGES, Route, routes

# why each of them asks for no proof of who is there
HARMLESS = {
    "account_confirm_email": "the mailed link is the proof",
    "account_email_verification_sent": "says that a mail was sent",
    "account_inactive": "says that the account is closed",
    "account_login": "a sign-in is a proof of its own",
    "account_logout": "leaving takes no proof",
    "account_reauthenticate": "it is the proof",
    "account_reset_password": "mails a link to who has the address",
    "account_reset_password_done": "says that a mail was sent",
    "account_reset_password_from_key": "the mailed link is the proof",
    "account_reset_password_from_key_done": "says that the password was set",
    "account_signup": "makes an account of its own",
    "erasure": "says how far the erasing of addresses is",
    "checkup_item": "a reminder that its owner asks for or not",
    "home": "leads on",
    "key_delete": "API keys spend money and open no page; making one takes no proof (contract, section 3)",
    "key_disable": "as key_delete",
    "key_enable": "as key_delete",
    "key_new": "as key_delete",
    "link_sign_in": "the printed link is the proof",
    "delivery_repeat": "sends to where its owner had it sent before",
    "method_remove": "fewer messages; changes of credentials are mailed whatever is switched off",
    "method_save": "where the account is told; changes of credentials go to its own address whatever is chosen",
    "method_test": "sends to where its owner wants it sent",
    "notification_address": "the mailed link is the proof",
    "passkey_name": "a name that only its owner sees",
    "passkey_sign_in": "a sign-in is a proof of its own",
    "passkey_sign_in_options": "begins a sign-in",
    "pricing_reviewed": "notes that its owner has looked",
    "provider_back": "ends a visit, whose state is the proof",
    "provider_sign_in": "a sign-in is a proof of its own",
    "provider_sign_up": "makes an account of its own",
    "second_factor": "a step of the sign-in",
    "session_end": "ending a session takes one factor (row B6)",
    "sessions_end_others": "as session_end",
    "set_language": "a choice of how pages look",
    "set_theme": "a choice of how pages look",
    "settings": "shows how everything stands",
    "settings_sidebar": "a choice of how pages look",
    "settings_sidebar_preview": "says how pages would look",
    "settings_notifications": "when the account is warned",
    "settings_privacy": "turns recording off or on for the account alone",
    "settings_profile": "names, language and timezone",
    "setup": "the printed link is the proof",
    "sudo_code": "it is the proof",
    "sudo_passkey": "it is the proof",
    "sudo_passkey_options": "begins the proof",
    "sudo_provider": "it is the proof",
    "sudo_none": "says that there is no way to prove it",
    "token_revoke": "takes a credential away",
    "webhook_rotate": "signs what is sent; the one before signs for another day",
    "admin:jsi18n": "texts for scripts",
    "admin:login": "leads to the sign-in",
    "admin:logout": "leaving takes no proof",
}
# what to send where only some changes matter
SENT = {"settings_pricing": {"accept_unpriced": "on"}}
ASKS = {f"/accounts/reauthenticate/{page}" for page in ("", "code/", "passkey/", "provider/", "nothing/")}


def asks(response) -> bool:
    """Return whether an answer asks who is there, directly or by way of the administration's door."""
    path = response.headers.get("HX-Redirect", response.headers.get("Location", "")).partition("?")[0]
    return path in ASKS | {reverse("admin:login")}


@pytest.mark.req("I1")
def test_nothing_is_changed_without_the_token_of_a_form(admin, admin_browser, new_browser, capsys):
    strict = new_browser(enforce_csrf_checks=True)
    strict.cookies = admin_browser.cookies
    taken, asked = [], 0
    for route in routes():
        for method in CHANGES:
            status = strict.generic(method, route.of(admin), b"x=1", "application/x-www-form-urlencoded").status_code
            asked += 1
            if status != 403:
                taken.append((method, route.name, status))
    with capsys.disabled():
        print(f"\nwithout a form's token: {asked} requests, {len(taken)} taken")  # noqa: T201 (a figure to report)
    assert asked > 500
    assert taken == []


@pytest.mark.req("I1")
def test_no_view_of_a_page_is_excused_from_the_token():
    assert [route.name for route in routes() if getattr(route.view, "csrf_exempt", False)] == []


def test_a_form_with_its_token_is_taken(account_browser, new_browser):
    strict = new_browser(enforce_csrf_checks=True)
    strict.cookies = account_browser.cookies
    token = strict.get("/settings/privacy/").context["csrf_token"]
    assert strict.post("/settings/privacy/", {"csrfmiddlewaretoken": str(token)}).status_code == 302


@pytest.mark.req("C1")
def test_whatever_changes_something_that_matters_asks_who_is_there(user, admin, account_browser, admin_browser, capsys):
    let_the_proof_lapse(account_browser)
    let_the_proof_lapse(admin_browser)
    unguarded, asked = [], 0
    for route in (route for route in routes() if route.name not in HARMLESS):
        browser, owner = (admin_browser, admin) if route.in_admin else (account_browser, user)
        answer = browser.post(route.of(owner), SENT.get(route.name, {}))
        asked += 1
        if answer.status_code != 405 and not asks(answer):
            unguarded.append((route.name, answer.status_code))
    with capsys.disabled():
        print(f"\nwithout a fresh proof: {asked} routes, {len(unguarded)} unguarded")  # noqa: T201 (a figure to report)
    assert asked > 100
    assert unguarded == [], "guard these by sudo_required, or say in HARMLESS why they need no proof"


@pytest.mark.req("C1")
def test_a_proof_opens_what_asked_for_one(user, account_browser, admin, admin_browser):
    asked = [route for route in routes() if route.name in {"token_new", "account_change_password", "recovery_codes"}]
    for route in asked:
        assert not asks(account_browser.post(route.path(), {}))
    assert len(asked) == 3
    assert not asks(admin_browser.post(reverse("admin:accounts_user_add"), {}))


def test_every_reason_is_one_of_a_route():
    names = {route.name for route in routes()}
    assert set(HARMLESS) <= names


def test_a_row_that_nobody_can_make_is_reported_with_what_to_do(user):
    with pytest.raises(AssertionError, match="add 'gizmo' to OBJECTS"):
        Route("gizmo_turn", ("pk",), lambda: None).of(user)
