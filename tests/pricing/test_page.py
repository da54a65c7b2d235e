"""The price safeguard: names the risk in full, saves, refuses what the operator forbids."""

import json
import time

import pytest
from django.urls import reverse

from common.money import NANO
from pricing import preferences
from pricing.models import PricingPolicy, PricingSettings
from privacy import services as privacy
from tests.booked import called, refused

PAGE = "/settings/pricing/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client, user):
    """A signed-in browser that has just proven who is there."""
    client.force_login(user)
    session = client.session
    session["sudo"] = {"user": user.pk, "at": time.time(), "method": "password"}
    session.save()
    return client


@pytest.fixture
def forbidden(db):
    """The operator lets nobody call models without a price."""
    PricingPolicy.objects.create(pk=PricingPolicy.singleton_instance_id, allow_unpriced=False)


def shown(page):
    answer = page.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_signed_out_visitor_is_sent_to_sign_in_and_saves_nothing(client, db):
    for answer in (client.get(PAGE), client.post(PAGE, {"accept_unpriced": "on"})):
        assert answer.headers["Location"].startswith(reverse("account_login"))
    assert not PricingSettings.objects.exists()


def test_reading_the_page_writes_nothing(page):
    shown(page)
    assert not PricingSettings.objects.exists()
    assert not PricingPolicy.objects.exists()


def test_the_fallback_price_is_named_in_full(page):
    assert "$10.00 in, $30.00 out per million tokens" in shown(page)
    PricingPolicy.objects.create(
        pk=PricingPolicy.singleton_instance_id, fallback_input=2 * NANO, fallback_output=7_500_000_000
    )
    assert "$2.00 in, $7.50 out per million tokens" in shown(page)


def test_the_switch_is_off_until_turned_on(page, user):
    assert not page.get(PAGE).context["form"]["accept_unpriced"].value()
    answer = page.post(PAGE, {"accept_unpriced": "on"})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    assert preferences.accepts_unpriced(user.pk)
    assert "checked" in shown(page)


@pytest.mark.req("C1")
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_turning_it_on_asks_who_is_there_and_turning_it_off_does_not(client, user, headers):
    client.force_login(user)
    asked = client.post(PAGE, {"accept_unpriced": "on"}, headers=headers)
    assert "/accounts/reauthenticate/?next=" in asked.headers.get("HX-Redirect", asked.headers.get("Location", ""))
    assert not preferences.accepts_unpriced(user.pk)
    preferences.save(user, accept_unpriced=True)
    client.post(PAGE, {}, headers=headers)
    assert not preferences.accepts_unpriced(user.pk)


def test_leaving_the_switch_off_turns_it_off(page, user):
    preferences.save(user, accept_unpriced=True)
    page.post(PAGE, {})
    assert not preferences.accepts_unpriced(user.pk)


def test_a_change_is_announced_once_and_saving_the_same_again_is_not(page, monkeypatch):
    heard = []
    monkeypatch.setattr("accounts.ports.announce._verb", lambda *told: heard.append(told[1:]))
    page.post(PAGE, {"accept_unpriced": "on"})
    page.post(PAGE, {"accept_unpriced": "on"})
    ((kind, told),) = heard
    assert (kind, told["accept_unpriced"], told["by"]) == ("pricing.accept_unpriced", True, "")
    assert (told["before"]["accept_unpriced"], told["after"]["accept_unpriced"]) == (False, True)


def test_accepting_is_refused_where_the_operator_forbids_it(page, user, forbidden):
    text = shown(page)
    assert "Your administrator doesn't allow models without a price." in text
    assert " disabled" in text
    assert "$10.00 in" not in text

    for headers in ({}, HTMX):
        answer = page.post(PAGE, {"accept_unpriced": "on"}, headers=headers)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
    assert not PricingSettings.objects.exists()


def test_what_was_accepted_before_can_be_turned_off_though_forbidden_now(page, user):
    preferences.save(user, accept_unpriced=True)
    PricingPolicy.objects.create(pk=PricingPolicy.singleton_instance_id, allow_unpriced=False)
    assert page.post(PAGE, {}).status_code == 302
    assert not PricingSettings.objects.get(user=user).accept_unpriced


def test_htmx_gets_the_form_and_a_toast(page, user):
    preferences.save(user, accept_unpriced=True)
    answer = page.post(PAGE, {"accept_unpriced": "on", "monthly_cap": "5"}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "Price safeguard saved"


def test_models_called_lately_are_listed_for_their_owner_only(page, user, group):
    other = type(user).objects.create_user("olu", "olu@example.com", "x", group=group)
    called(user, model="new-model", price_source="fallback", charge=3_000_000)
    refused(user, model="blocked-model", code="model_price_not_set", status=403)
    called(other, model="not-mine", price_source="fallback")
    text = shown(page)
    assert "new-model" in text
    assert "$0.003000" in text
    assert "blocked-model" in text
    assert "not-mine" not in text


def test_saving_here_leaves_the_privacy_settings_alone(page, user):
    privacy.save(user, record_ip=True)
    page.post(PAGE, {"accept_unpriced": "on", "record_ip": ""})
    assert privacy.records_address(user.pk)


def test_the_page_costs_few_queries(page, user, django_assert_max_num_queries):
    for number in range(30):
        called(user, model=f"model-{number}", price_source="fallback")
    with django_assert_max_num_queries(14):
        shown(page)
