"""Prices in the admin: USD for people, a history that stays, and a verb behind every change."""

import re

import pytest
from django.test import Client

from common import version
from pricing import prices
from pricing.models import Price, PricingPolicy
from tests.second_factor import enroll, fresh_code

USD = 10**9
PRICES, POLICY = "/admin/pricing/price/", "/admin/pricing/pricingpolicy/"
RATES = ("input", "output", "cached_input", "cache_write", "reasoning", "per_call", "per_image", "per_second")


@pytest.fixture
def admin(user) -> Client:
    """A browser whose administrator has just given password and code."""
    user.is_staff = user.is_superuser = True
    user.save()
    browser = Client()
    enroll(user)
    browser.post("/accounts/login/", {"login": "mei", "password": "correct horse battery"})
    browser.post("/accounts/login/second-factor/", {"code": fresh_code(user)})
    return browser


def add(admin: Client, **fields: str):
    return admin.post(f"{PRICES}add/", {"model": "m", "channel": ""} | fields)


def test_adding_a_price_takes_usd_and_supersedes(admin):
    before = version.current()
    assert add(admin, input="2.5", output="10", cached_input="0.003625", context="1000").status_code == 302
    assert add(admin, input="3", output="10").status_code == 302
    old, new = Price.objects.order_by("pk")
    assert (old.input, old.cached_input, old.context, old.superseded_at is None) == (
        5 * USD // 2,
        3_625_000,
        1000,
        False,
    )
    assert (new.input, new.cached_input, new.superseded_at, new.source) == (3 * USD, None, None, "operator")
    assert version.current() > before


def test_adding_a_free_model(admin):
    assert add(admin, free="on").status_code == 302
    assert Price.objects.get().state == "free"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"input": "1"}, "Enter the rates of input and output, or choose free."),
        ({}, "Enter the rates of input and output, or choose free."),
        ({"input": "0", "output": "0"}, "Every rate is zero."),
        ({"free": "on", "input": "1"}, "A free model has no rates."),
        ({"input": "-1", "output": "1"}, "Enter an amount from 0 to 1,000,000 USD."),
        ({"input": "1000001", "output": "1"}, "Enter an amount from 0 to 1,000,000 USD."),
        ({"input": "cheap", "output": "1"}, "Enter an amount in USD with at most nine decimals."),
        ({"input": "0.0000000001", "output": "1"}, "Enter an amount in USD with at most nine decimals."),
        ({"input": "NaN", "output": "1"}, "Enter an amount in USD with at most nine decimals."),
        ({"model": "", "input": "1", "output": "1"}, "This field is required."),
        ({"model": "m" * 201, "input": "1", "output": "1"}, "at most 200 characters"),
        ({"context": "-1", "input": "1", "output": "1"}, "greater than or equal to 0"),
        ({"context": "0", "input": "1", "output": "1"}, "a number of tokens from 1"),
        ({"context": "99999999999", "input": "1", "output": "1"}, "a number of tokens from 1"),
        ({"context": "0", "free": "on"}, "a number of tokens from 1"),
        ({"model": "a\tb", "input": "1", "output": "1"}, "visible characters"),
    ],
)
def test_what_cannot_be_a_price_comes_back_with_a_sentence(admin, fields, words):
    response = add(admin, **fields)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not Price.objects.exists()


def test_a_stored_price_can_be_read_but_not_changed_or_deleted(admin):
    row = prices.set_price("m", input=5 * USD // 2, output=10 * USD, tiers=[{"above": 10, "input": 3 * USD}])
    page = admin.get(f"{PRICES}{row.pk}/change/").content.decode()
    assert "input $2.50" in page
    assert "&gt; 10: input $3.00" in page
    assert admin.post(f"{PRICES}{row.pk}/change/", {"model": "n"}).status_code == 403
    assert admin.post(f"{PRICES}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Price.objects.get().model == "m"


def test_the_list_shows_usd_and_what_is_live(admin):
    prices.set_price("m", input=USD, output=USD)
    prices.set_price("m", input=5 * USD // 2, output=10 * USD)
    prices.set_free("n")
    page = admin.get(PRICES).content.decode()
    assert all(amount in page for amount in ("$1.00", "$2.50", "$10.00", "free"))
    live = admin.get(f"{PRICES}?superseded_at__isempty=1").content.decode()
    assert "$2.50" in live
    assert "$1.00" not in live


def test_retiring_ends_live_prices_only(admin):
    old = prices.set_price("m", input=1, output=1)
    new = prices.set_price("m", input=2, output=1)
    ended = Price.objects.get(pk=old.pk).superseded_at
    admin.post(PRICES, {"action": "retire", "_selected_action": [old.pk, new.pk]})
    assert not Price.objects.live().exists()
    assert Price.objects.get(pk=old.pk).superseded_at == ended


def test_the_rules_take_usd_and_tell_the_workers(admin):
    page = admin.get(POLICY).content.decode()
    assert 'value="10.00"' in page
    assert 'value="30.00"' in page
    before = version.current()
    response = admin.post(POLICY, {"fallback_input": "12.5", "fallback_output": "40"})
    assert response.status_code == 302
    policy = PricingPolicy.current()
    assert (policy.allow_unpriced, policy.fallback_input, policy.fallback_output) == (False, 25 * USD // 2, 40 * USD)
    assert version.current() > before


@pytest.mark.parametrize("amount", ["", "-1", "free", "1000001"])
def test_a_fallback_price_that_is_none_is_refused(admin, amount):
    response = admin.post(POLICY, {"allow_unpriced": "on", "fallback_input": amount, "fallback_output": "1"})
    assert response.status_code == 200
    assert PricingPolicy.current().fallback_input == 10 * USD


@pytest.mark.parametrize("path", [PRICES, f"{PRICES}add/", POLICY])
def test_the_pages_have_nothing_inline(admin, path):
    response = admin.get(path)
    page = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>\s*\S", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.parametrize("path", [PRICES, f"{PRICES}add/", POLICY])
def test_nobody_else_gets_in(user, path):
    browser = Client()
    browser.force_login(user)
    assert browser.get(path).status_code in {302, 403}
