"""The check-up: five facts, the page that mends each, and what its owner lets be."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts import dismissals
from accounts.models import Dismissal, User
from console import checkup
from pricing import preferences as pricing
from security import tokens
from security.models import AccessToken
from tests.second_factor import enroll
from wallet import ledger

ITEM = "/settings/checkup/"
NAMES = ["two-factor", "codes", "token", "quota", "price"]


def states(user: User) -> dict[str, str]:
    return {item.name: item.check.state for item in checkup.of(user, now=timezone.now()).items}


@pytest.fixture
def account(user) -> User:
    ledger.open_wallet(user.pk)
    return user


def test_a_new_account_has_two_factor_and_the_safeguard_to_mend(account):
    assert states(account) == {"two-factor": "todo", "codes": "none", "token": "fine", "quota": "fine", "price": "todo"}
    assert checkup.of(account, now=timezone.now()).fine == 3


def test_each_item_leads_to_the_page_that_mends_it(account):
    pages = {item.name: item.check.url for item in checkup.of(account, now=timezone.now()).items}
    assert pages["two-factor"] == reverse("two_factor")
    assert pages["price"] == reverse("settings_pricing")
    assert pages["quota"] == reverse("settings_notifications")


def test_what_was_mended_is_fine(account):
    enroll(account)
    pricing.review(account)
    assert states(account) == dict.fromkeys(NAMES, "fine") | {"codes": states(account)["codes"]}


def test_an_old_token_is_to_be_replaced(account):
    tokens.make(account, name="ci", scopes=["read"])
    assert states(account)["token"] == "fine"
    AccessToken.objects.update(created_at=timezone.now() - timedelta(days=61))
    assert states(account)["token"] == "todo"


def test_without_a_threshold_the_warning_is_off(account):
    account.thresholds.all().delete()
    assert states(account)["quota"] == "todo"


def test_an_item_that_is_let_be_comes_again_after_ninety_days(account):
    account.thresholds.all().delete()
    now = timezone.now()
    checkup.let_be(account, "quota", now=now)
    assert states(account)["quota"] == "none"
    with time_machine.travel(now + dismissals.LASTS + timedelta(seconds=1)):
        assert states(account)["quota"] == "todo"
    checkup.let_be(account, "quota", now=now)
    checkup.ask_again(account, "quota")
    assert states(account)["quota"] == "todo"


def test_reviewing_the_safeguard_is_kept_with_the_safeguard(account):
    checkup.let_be(account, "price", now=timezone.now())
    assert pricing.chosen(account.pk).reviewed_at
    assert not Dismissal.objects.exists()
    assert states(account)["price"] == "fine"


@pytest.mark.parametrize("name", ["two-factor", "codes", "gizmo"])
def test_what_guards_the_account_cannot_be_let_be(account, client, name):
    client.force_login(account)
    for ask in "01":
        assert client.post(ITEM, {"item": name, "ask": ask}).status_code == 404
    assert not Dismissal.objects.exists()


def test_one_account_lets_be_for_itself_alone(account, group):
    other = User.objects.create_user("olu", "olu@example.com", "x", group=group)
    account.thresholds.all().delete()
    checkup.let_be(account, "quota", now=timezone.now())
    assert states(other)["quota"] == "todo"


@pytest.mark.parametrize("path", ["/overview/", "/settings/security/"])
def test_both_pages_show_it_and_lead_back(account, client, path):
    account.thresholds.all().delete()
    client.force_login(account)
    text = client.get(path).content.decode()
    for words in (
        "Two-factor off",
        "No recovery codes",
        "No access token",
        "Quota warning off",
        "Unpriced models refused",
    ):
        assert text.count(words) == 1, words
    answer = client.post(ITEM, {"item": "quota", "next": path})
    assert answer.headers["Location"] == path
    text = client.get(path).content.decode()
    assert "Let be until" in text
    assert "Ask again" in text
    client.post(ITEM, {"item": "quota", "next": path, "ask": "1"})
    assert "Let be until" not in client.get(path).content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_letting_be_leads_nowhere_else(account, client, target):
    client.force_login(account)
    answer = client.post(ITEM, {"item": "token", "next": target})
    assert answer.headers["Location"] == reverse("settings")


def test_the_check_up_costs_few_queries(account, django_assert_max_num_queries):
    enroll(account)
    for number in range(3):
        tokens.make(account, name=f"t{number}", scopes=["read"])
    account.refresh_from_db()
    with django_assert_max_num_queries(6):
        checkup.of(account, now=timezone.now())
