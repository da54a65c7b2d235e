"""A line break in a form never becomes a line of a mail."""

import base64
import json

import pytest

from accounts import services
from accounts.models import SignupPolicy
from notifications.models import Delivery
from tests.accounts.conftest import PASSWORD

SIGN_UP = {"username": "ann", "email": "ann@example.com", "password1": PASSWORD, "password2": PASSWORD}
HERE = "ann@example.com{}Bcc: b@evil.example"
FORMS = [
    ("/accounts/password/reset/", {"email": HERE}),
    ("/accounts/email/", {"action_add": "", "email": HERE}),
    ("/accounts/signup/", {**SIGN_UP, "email": HERE}),
    ("/accounts/signup/", {**SIGN_UP, "username": HERE}),
    ("/accounts/login/", {"password": PASSWORD, "login": HERE}),
    ("/settings/profile/", {"language": "", "timezone": "", "username": HERE}),
]
BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x0b", "%0d%0a", "\u0085"]


@pytest.mark.req("I11")
@pytest.mark.parametrize("line_break", BREAKS)
@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_line_break_in_a_field_is_refused(signed_in, new_browser, path, form, line_break):
    SignupPolicy.objects.create(mode="open")
    own = path.startswith("/settings/") or path == "/accounts/email/"
    browser = signed_in if own else new_browser("198.51.100.3")
    answer = browser.post(path, {name: value.format(line_break) for name, value in form.items()})
    assert 400 <= answer.status_code < 500
    assert not Delivery.objects.exists()


@pytest.mark.req("I11")
def test_every_mail_has_one_recipient(user, new_browser):
    new_browser().post("/accounts/password/reset/", {"email": "mei@example.com"})
    services.set_password(user, "another good passphrase")
    letters = [json.loads(row.payload) for row in Delivery.objects.all()]
    assert [letter["to"] for letter in letters] == [["mei@example.com"]] * 2
    assert all(b"\nbcc" not in base64.b64decode(letter["raw"]).lower() for letter in letters)
