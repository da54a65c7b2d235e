"""Turning the safeguard off takes a dialog that names the price in full, and a proof of who is there."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from common.money import NANO
from gateway.models import Channel, Route
from pricing import preferences
from pricing.models import PricingPolicy
from pricing.preferences import Safeguard
from tests.pricing.test_page import HTMX, PAGE, page

__all__ = ["page"]
ACCEPT = PAGE + "accept/"
TYPED = {"accept_unpriced": "on", "accepted_models": ["new-model", "odd, name"], "monthly_cap": "12.5"}


@pytest.fixture
def unpriced(db):
    """A channel that serves a model without a price, and one with a free one."""
    channel = Channel.objects.create(name="main", base_url="http://127.0.0.1:9")
    Route.objects.create(channel=channel, model="new-model")
    return "new-model"


@pytest.mark.req("C1")
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_was_typed_survives_the_question_who_is_there(client, user, headers):
    client.force_login(user)
    asked = client.post(PAGE, TYPED, headers=headers)
    where = asked.headers.get("HX-Redirect") or asked.headers["Location"]
    (back,) = parse_qs(urlsplit(where).query)["next"]
    assert urlsplit(back).path == ACCEPT
    assert parse_qs(urlsplit(back).query) == {"accepted_models": ["new-model", "odd, name"], "monthly_cap": ["12.5"]}
    assert preferences.chosen(user.pk) == Safeguard()


ON = {"accept_unpriced": "on", "accepted_models": ["a", "b"], "monthly_cap": "5"}


@pytest.mark.req("C1")
@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"accepted_models": ["a", "b", "c"]}, True),
        ({"accepted_models": []}, True),
        ({"monthly_cap": "5.01"}, True),
        ({"monthly_cap": ""}, True),
        ({"accepted_models": ["a"]}, False),
        ({"monthly_cap": "4.99"}, False),
        ({"accept_unpriced": ""}, False),
        ({}, False),
    ],
    ids=str,
)
def test_accepting_more_asks_who_is_there_and_accepting_less_does_not(client, user, change, asks):
    before = preferences.save(user, accept_unpriced=True, accepted_models=["a", "b"], monthly_cap=5 * NANO)
    client.force_login(user)
    answer = client.post(PAGE, {**ON, **change})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/" if asks else PAGE)
    assert (preferences.chosen(user.pk) == before) == (asks or not change)


def test_more_is_more_models_a_higher_cap_or_anything_at_all():
    off, all_models = Safeguard(), Safeguard(accept_unpriced=True)
    capped = Safeguard(accept_unpriced=True, monthly_cap=NANO)
    assert all_models.exceeds(off)
    assert all_models.exceeds(capped)
    assert not capped.exceeds(all_models)
    assert not off.exceeds(capped)
    assert not capped.exceeds(capped)


def test_no_id_of_the_dialog_is_one_of_the_page(page, unpriced):
    ids = [
        set(re.findall(r' id="([^"]+)"', text.content.decode()))
        for text in (page.get(PAGE), page.post(PAGE, TYPED, headers=HTMX))
    ]
    assert len(ids[1]) > 4
    assert ids[0] & ids[1] == set()


def test_the_dialog_names_the_price_and_keeps_what_was_typed(page, user):
    PricingPolicy.objects.create(pk=1, fallback_input=4 * NANO, fallback_output=16 * NANO)
    answer = page.post(PAGE, TYPED, headers=HTMX)
    text = answer.content.decode()
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#accept-dialog-body")
    assert "$4.00 in, $16.00 out per million tokens" in text
    assert 'value="12.50"' in text
    assert all(f'value="{name}"' in text for name in ("new-model", "odd", "name"))
    assert text.count("checked") == 3
    assert preferences.chosen(user.pk) == Safeguard()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_accepting_stores_the_whole_choice(page, user, headers):
    answer = page.post(ACCEPT, {**TYPED, "accept_unpriced": "True"}, headers=headers)
    assert (answer.headers.get("HX-Redirect") or answer.headers["Location"]) == PAGE
    chosen = preferences.chosen(user.pk)
    assert chosen == Safeguard(
        accept_unpriced=True, accepted_models=("new-model", "odd", "name"), monthly_cap=12_500_000_000
    )
    assert chosen.reviewed_at is not None


def test_the_page_of_its_own_works_without_a_script(page, user, unpriced):
    text = page.get(f"{ACCEPT}?monthly_cap=3&accepted_models={unpriced}").content.decode()
    assert "$10.00 in, $30.00 out per million tokens" in text
    assert 'value="3.00"' in text
    assert "checked" in text
    assert "<html" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("monthly_cap", "0"),
        ("monthly_cap", "-1"),
        ("monthly_cap", "NaN"),
        ("monthly_cap", "1e99"),
        ("monthly_cap", "0.0000000001"),
        ("monthly_cap", "a lot"),
        ("accepted_models", "x" * 201),
        ("accepted_models", ",".join(f"m{n}" for n in range(101))),
        ("accepted_models", "nul\0"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(page, user, field, value):
    for url in (PAGE, ACCEPT):
        preferences.save(user, accept_unpriced=url == PAGE)
        answer = page.post(url, {**TYPED, "accept_unpriced": "True", field: value})
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {field}
        assert preferences.chosen(user.pk).monthly_cap is None


def test_accepting_is_refused_where_the_operator_forbids_it(page, user):
    PricingPolicy.objects.create(pk=1, allow_unpriced=False)
    assert page.post(ACCEPT, {"accept_unpriced": "True"}).status_code == 422
    assert preferences.chosen(user.pk) == Safeguard()


def test_accepting_again_changes_nothing_but_what_is_sent(page, user):
    preferences.save(user, accept_unpriced=True, accepted_models=["a"], monthly_cap=NANO)
    page.post(PAGE, {"accept_unpriced": "on"})
    assert preferences.chosen(user.pk) == Safeguard(accept_unpriced=True, accepted_models=("a",), monthly_cap=NANO)
    page.post(PAGE, {"accept_unpriced": "on", "monthly_cap": ""})
    assert preferences.chosen(user.pk) == Safeguard(accept_unpriced=True)


def test_reviewing_changes_nothing_else(page, user):
    assert "You haven't looked at this safeguard yet" in page.get(PAGE).content.decode()
    assert page.post(PAGE + "reviewed/").status_code == 302
    assert page.get(PAGE + "reviewed/").status_code == 405
    chosen = preferences.chosen(user.pk)
    assert chosen == Safeguard()
    assert chosen.reviewed_at is not None
    assert "Reviewed: " in page.get(PAGE).content.decode()


def test_models_without_a_price_are_offered_for_the_list(page, user, unpriced):
    assert unpriced in page.get(PAGE).content.decode()
    PricingPolicy.objects.create(pk=1, allow_unpriced=False)
    text = page.get(PAGE).content.decode()
    (form,) = re.findall(r'<form class="card" id="safeguard".*?</form>', text, re.DOTALL)
    (control,) = [tag for tag in re.findall(r"<input[^>]*>", form) if "csrf" not in tag]
    assert " disabled" in control
    assert "Only your administrator can change this." in form
    assert "Save" not in form
