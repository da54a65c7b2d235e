"""The card of access tokens: made, shown once, replaced and revoked by its owner's own hand."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from security import tokens
from security.models import AccessToken
from tests.accounts.conftest import Browser

NEW = "/settings/security/tokens/new/"
PAGE = "/settings/security/tokens/"
FORM = {"name": "build", "scopes": ["read", "keys"], "expires_at": "30"}
HTMX = {"hx-request": "true", "hx-current-url": f"http://localhost:8000{PAGE}"}
START = timezone.now()


def secret_in(text: str) -> str:
    found = re.search(r"tgat-[0-9A-Za-z]{38}", text)
    assert found
    return found[0]


@pytest.fixture
def token(user) -> AccessToken:
    return tokens.make(user, name="build", scopes=["read"])[0]


@pytest.mark.req("H3")
def test_a_token_is_shown_once_and_never_kept_by_a_browser(user, signed_in):
    made = signed_in.post(NEW, FORM)
    secret = secret_in(made.content.decode())
    assert made["Cache-Control"] == "no-store"
    assert tokens.authenticate(secret).scopes == ["read", "keys"]
    shown = signed_in.page(PAGE)
    assert secret not in shown
    assert user.access_tokens.get().hint in shown
    assert secret not in str(dict(signed_in.session.items()))


def test_the_form_asks_for_name_scopes_and_life(signed_in, token):
    page = signed_in.page(NEW)
    assert all(f'name="{name}"' in page for name in ("name", "scopes", "expires_at"))
    assert re.search(r'value="90"[^>]*checked', page)
    assert re.search(r'value="read"[^>]*checked', page)
    assert not re.search(r'value="keys"[^>]*checked', page)


def test_the_first_token_is_called_default(signed_in):
    assert 'value="default"' in signed_in.page(NEW)


def test_a_token_ends_when_its_maker_said(user, signed_in):
    before = timezone.now()
    signed_in.post(NEW, FORM)
    assert timedelta(days=30) <= user.access_tokens.get().expires_at - before < timedelta(days=31)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 65},
        {"scopes": []},
        {"scopes": ["admin"]},
        {"expires_at": "36500"},
        {"name": "default"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_the_form(user, signed_in, change):
    tokens.make(user, scopes=["read"])
    answer = signed_in.post(NEW, FORM | change)
    assert answer.status_code == 422
    assert 'class="err"' in answer.content.decode()
    assert user.access_tokens.count() == 1


@pytest.mark.req("I15")
def test_a_form_cannot_name_another_owner(user, signed_in, django_user_model):
    other = django_user_model.objects.create_user("lin", "lin@example.com", group=user.group)
    signed_in.post(NEW, {**FORM, "user": other.pk, "user_id": other.pk, "digest": "0" * 64})
    made = AccessToken.objects.get()
    assert (made.user, made.digest != "0" * 64) == (user, True)


@pytest.mark.req("C1")
def test_making_and_replacing_a_token_ask_who_is_there(user, browser):
    token = tokens.make(user, name="build", scopes=["read"])[0]
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        for path in (NEW, f"{PAGE}{token.pk}/replace/"):
            for answer in (browser.get(path), browser.post(path, FORM)):
                assert answer.status_code == 302
                assert "/reauthenticate/" in answer["Location"]
    assert AccessToken.objects.get().digest == token.digest


def test_a_token_is_revoked_without_being_asked_who_is_there(user, browser, token):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        assert "Revoke build?" in browser.page(f"{PAGE}{token.pk}/revoke/")
        assert AccessToken.objects.exists()
        assert browser.post(f"{PAGE}{token.pk}/revoke/")["Location"] == "/settings/security/"
        assert not AccessToken.objects.exists()
        assert "Token revoked" in browser.page(PAGE)


def test_a_replaced_token_shows_its_new_secret_once(user, signed_in, token):
    path = f"{PAGE}{token.pk}/replace/"
    assert "Replace build?" in signed_in.page(path)
    secret = secret_in(signed_in.post(path).content.decode())
    assert tokens.authenticate(secret) == token
    assert secret not in signed_in.page(PAGE)


@pytest.mark.req("I16")
@pytest.mark.parametrize("verb", ["replace", "revoke"])
def test_the_token_of_another_account_is_not_found(group, signed_in, verb):
    other = User.objects.create_user("lin", "lin@example.com", group=group)
    theirs = tokens.make(other, name="build", scopes=["read"])[0]
    answers = [
        call(f"{PAGE}{pk}/{verb}/") for pk in (theirs.pk, 999_999_999) for call in (signed_in.get, signed_in.post)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert AccessToken.objects.get().digest == theirs.digest


def test_the_card_says_when_a_token_was_used_and_that_it_is_over(user, signed_in, token):
    assert "Never used" in signed_in.page(PAGE)
    now = timezone.now()
    AccessToken.objects.update(last_used_at=now, expires_at=now - timedelta(days=1))
    page = signed_in.page(PAGE)
    assert "Just now" in page
    assert "Expired" in page


def test_the_card_costs_one_query_however_many_tokens_it_shows(user, signed_in, django_assert_max_num_queries):
    signed_in.get(PAGE)
    with django_assert_max_num_queries(30) as few:
        signed_in.get(PAGE)
    for number in range(10):
        tokens.make(user, name=f"token {number}", scopes=["read"])
    with django_assert_max_num_queries(len(few)):
        signed_in.get(PAGE)


def test_a_dialog_gets_the_form_the_secret_and_the_new_card(user, signed_in):
    form = signed_in.page(NEW, headers=HTMX)
    assert "<html" not in form
    assert 'hx-target="#token-dialog-body"' in form
    made = signed_in.post(NEW, FORM, headers=HTMX)
    text = made.content.decode()
    assert secret_in(text)
    assert re.search(r'id="token-card"[^>]*hx-swap-oob="true"', text)
    assert "Token created" in made["HX-Trigger"]
    token = user.access_tokens.get()
    confirm = signed_in.page(f"{PAGE}{token.pk}/revoke/", headers=HTMX)
    assert 'hx-target="#token-card"' in confirm
    card = signed_in.post(f"{PAGE}{token.pk}/revoke/", headers=HTMX).content.decode()
    assert 'id="token-card"' in card
    assert "hx-swap-oob" not in card


def test_a_dialog_that_waited_too_long_leads_to_the_step_up(user, browser):
    with time_machine.travel(START, tick=False) as clock:
        browser.sign_in()
        clock.shift(timedelta(minutes=11))
        answer = browser.get(NEW, headers=HTMX)
        assert "/reauthenticate/" in answer["HX-Redirect"]


def test_strangers_see_nothing(db, token):
    for path in (PAGE, NEW, f"{PAGE}{token.pk}/revoke/"):
        answer = Browser().get(path)
        assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)
