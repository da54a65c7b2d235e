"""A GitHub that answers what it should not."""

import json

import pytest

from security.exchange import Refused, text
from tests.security.visits import is_signed_in, sign_in

pytestmark = pytest.mark.django_db
TOKEN, USER, EMAILS = "/login/oauth/access_token", "/api/v3/user", "/api/v3/user/emails"


@pytest.mark.req("G3", "G11")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        (TOKEN, {"error": "bad_verification_code"}),
        (TOKEN, {"access_token": ""}),
        (TOKEN, {"access_token": 7}),
        (TOKEN, {}),
        (USER, {"login": "ann"}),
        (USER, {"id": "77", "login": "ann"}),
        (USER, {"id": True, "login": "ann"}),
        (USER, {"id": 0, "login": "ann"}),
        (USER, {"id": 77, "login": None}),
        (USER, []),
    ],
)
def test_what_names_nobody_is_refused(browser, idp, path, said):
    idp.person = {"sub": 77, "preferred_username": "ann"}
    idp.answers[path] = lambda handler: handler.send(200, json.dumps(said).encode())
    assert sign_in(browser, idp, "github").status_code in {400, 424}
    assert is_signed_in(browser) is None
    assert "provider_sign_up" not in browser.session


@pytest.mark.parametrize("said", [[], {}, [7], [{"email": 7, "primary": True, "verified": True}], "true"])
def test_no_address_is_no_hindrance(browser, idp, said):
    idp.person = {"sub": 77, "preferred_username": "ann"}
    idp.emails = said
    assert sign_in(browser, idp, "github").status_code == 302
    assert browser.session["provider_sign_up"]["email"] == ""


def test_an_address_counts_only_where_verified_is_true(browser, idp):
    idp.person = {"sub": 77, "preferred_username": "ann"}
    idp.emails = [
        {"email": "text@example.com", "primary": True, "verified": "true"},
        {"email": "other@example.com", "primary": False, "verified": True},
        {"email": "ann@example.com", "primary": True, "verified": True},
    ]
    sign_in(browser, idp, "github")
    assert browser.session["provider_sign_up"]["email"] == "ann@example.com"


@pytest.mark.parametrize("value", [None, 7, "", "a\x00", "a\ud800", [], {}])
def test_a_text_is_a_text(value):
    with pytest.raises(Refused):
        text(value)
