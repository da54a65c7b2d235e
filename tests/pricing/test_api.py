"""/api/settings/pricing: a program may change what its owner accepts, field by field, and is told what is wrong."""

import pytest

from common.money import NANO
from gateway.models import Channel, Route
from pricing import preferences
from pricing.models import PricingPolicy, PricingSettings
from pricing.preferences import Safeguard
from security.models import Event
from tests.api.conftest import api, error, program
from wallet import ledger
from wallet.models import Budget

__all__ = ["api"]
PATH = "/settings/pricing"
DEFAULTS = {
    "accept_unpriced": False,
    "accepted_models": [],
    "monthly_cap_usd": None,
    "allowed": True,
    "fallback_input_usd": "10.00",
    "fallback_output_usd": "30.00",
    "month_spent_usd": "0.00",
    "month_held_usd": "0.00",
}


def test_looking_shows_the_defaults_and_writes_nothing(api):
    assert api.get(PATH).json() == DEFAULTS
    assert not PricingSettings.objects.exists()


def test_what_is_sent_changes_and_the_rest_stays(api, user):
    assert api.patch(PATH, {"monthly_cap_usd": "12.5"}).json() == {**DEFAULTS, "monthly_cap_usd": "12.50"}
    assert api.patch(PATH, {"accepted_models": ["a", "a", "b"]}).json()["accepted_models"] == ["a", "b"]
    changed = api.patch(PATH, {"accept_unpriced": True}).json()
    assert (changed["accept_unpriced"], changed["monthly_cap_usd"]) == (True, "12.50")
    assert api.patch(PATH, {}).json() == changed
    assert api.patch(PATH, {"monthly_cap_usd": None}).json()["monthly_cap_usd"] is None
    chosen = preferences.chosen(user.pk)
    assert chosen == Safeguard(accept_unpriced=True, accepted_models=("a", "b"))
    assert chosen.reviewed_at is None
    assert Event.objects.filter(kind="pricing-changed").count() == 4
    assert "access token read-write-keys" in Event.objects.filter(kind="pricing-changed").latest("pk").detail


@pytest.mark.req("C1", "H7")
@pytest.mark.parametrize(("scopes", "status"), [(["read"], 403), (["keys"], 403), (["write"], 200)])
def test_changing_takes_the_scope_write(user, scopes, status):
    assert program(user, scopes).patch(PATH, {"accept_unpriced": True}).status_code == status
    assert preferences.accepts_unpriced(user.pk) == (status == 200)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"monthly_cap_usd": "0"}, "monthly_cap_usd"),
        ({"monthly_cap_usd": "-3"}, "monthly_cap_usd"),
        ({"monthly_cap_usd": 3}, "monthly_cap_usd"),
        ({"monthly_cap_usd": "0.0000000001"}, "monthly_cap_usd"),
        ({"accept_unpriced": "yes"}, "accept_unpriced"),
        ({"accept_unpriced": None}, "accept_unpriced"),
        ({"accepted_models": "a"}, "accepted_models"),
        ({"accepted_models": [""]}, "accepted_models.0"),
        ({"accepted_models": ["a\nb"]}, "accepted_models"),
        ({"accepted_models": ["m"] * 101}, "accepted_models"),
        ({"record_ip": True}, "record_ip"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(api, body, field):
    answer = api.patch(PATH, body)
    assert answer.status_code == 422
    assert error(answer)["param"] == field
    assert not PricingSettings.objects.exists()


def test_the_operators_rules_are_told_and_kept(api, user):
    PricingPolicy.objects.create(pk=1, allow_unpriced=False, fallback_input=NANO, fallback_output=2 * NANO)
    shown = api.get(PATH).json()
    assert (shown["allowed"], shown["fallback_input_usd"], shown["fallback_output_usd"]) == (False, "1.00", "2.00")
    refused = api.patch(PATH, {"accept_unpriced": True})
    assert (refused.status_code, error(refused)["param"]) == (422, "accept_unpriced")
    assert api.patch(PATH, {"accept_unpriced": False}).status_code == 200


def test_the_month_is_told(api, user, noon):
    ledger.open_wallet(user.pk)
    start = 1_772_323_200  # 2026-03-01
    Budget.objects.create(
        wallet_id=user.pk,
        kind="cap",
        owner=user.pk,
        period_start=start,
        limit=NANO,
        spent=7 * NANO // 10,
        held=NANO // 10,
    )
    shown = api.get(PATH).json()
    assert (shown["month_spent_usd"], shown["month_held_usd"]) == ("0.70", "0.10")


def test_the_list_of_models_shows_what_is_accepted(api, user):
    channel = Channel.objects.create(name="main", base_url="http://127.0.0.1:9")
    Route.objects.bulk_create(Route(channel=channel, model=name) for name in ("a", "b"))
    api.patch(PATH, {"accept_unpriced": True, "accepted_models": ["a"]})
    listed = {one["id"]: one for one in api.get("/models").json()["items"]}
    assert (listed["a"]["callable"], listed["a"]["price_source"]) == (True, "fallback")
    assert listed["b"]["callable"] is False
    PricingPolicy.objects.create(pk=1, allow_unpriced=False)
    assert not any(one["callable"] for one in api.get("/models").json()["items"] if one["id"] in "ab")
