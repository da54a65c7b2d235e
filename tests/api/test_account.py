"""What /api tells of an account: who, what it used, what it has."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from common import callids
from common.money import NANO
from gateway.models import Channel, Route
from pricing import preferences
from pricing.models import Price, PricingPolicy
from tests.api.conftest import error, program
from tests.booked import book, called, draft, refused
from wallet import ledger
from wallet.models import Wallet

CALL = {
    *("id", "created_at", "kind", "request_id", "model", "key", "channel", "stream", "status", "input_tokens"),
    *("output_tokens", "cached_tokens", "charge_usd", "price_source", "estimated", "latency_ms", "ttfb_ms", "source"),
    "address",
}


@pytest.fixture
def rich(user):
    """The user with $12.50, of which $2 are held."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 12_500_000_000, reference="invoice-1", note="Invoice 1")
    Wallet.objects.filter(pk=user.pk).update(balance=10_500_000_000, held=2 * NANO, credit_limit=NANO)
    return user


def test_an_account_says_who_it_is(user, api):
    body = api.get("/account").json()
    assert body["username"] == "mei"
    assert set(body) == {"id", "username", "email", "group", "language", "timezone", "created_at"}


def test_a_version_is_told_to_who_has_a_token(api, settings):
    assert api.get("/version").json() == {"version": settings.VERSION}


def test_a_wallet_has_free_held_and_total(rich, api):
    assert api.get("/wallet").json() == {
        "balance_usd": "10.50",
        "held_usd": "2.00",
        "total_usd": "12.50",
        "credit_limit_usd": "1.00",
    }


def test_an_account_without_a_wallet_has_nothing(api):
    assert api.get("/wallet").json()["total_usd"] == "0.00"
    assert api.get("/wallet/ledger").json() == {"items": [], "next": None}


def test_the_ledger_is_paged_newest_first(rich, api):
    for number in range(60):
        ledger.credit(rich.pk, 1, reference=f"tiny-{number}")
    first = api.get("/wallet/ledger").json()
    second = api.get(f"/wallet/ledger?cursor={first['next']}").json()
    found = first["items"] + second["items"]
    assert (len(first["items"]), len(second["items"]), second["next"]) == (50, 11, None)
    assert [entry["reference"] for entry in found] == [*(f"tiny-{number}" for number in range(59, -1, -1)), "invoice-1"]
    assert set(found[0]) == {"id", "created_at", "kind", "amount_usd", "reference", "note"}
    assert (found[0]["amount_usd"], found[-1]["amount_usd"]) == ("0.000000001", "12.50")
    assert (found[-1]["kind"], found[-1]["note"]) == ("credit", "Invoice 1")


def test_the_ledger_can_be_narrowed_to_a_kind(rich, api):
    ledger.debit(rich.pk, 5, reference="back")
    assert [entry["kind"] for entry in api.get("/wallet/ledger?kind=debit").json()["items"]] == ["debit"]
    assert api.get("/wallet/ledger?kind=gift").status_code == 422


def test_a_call_is_told_with_every_field(user, api):
    row = called(user, ttfb_ms=310, charge=4_200_000, cached_tokens=7, stream=True, address="203.0.113.7")
    listed = api.get("/usage").json()
    assert listed["next"] is None
    (call,) = listed["items"]
    assert set(call) == CALL
    assert (call["id"], call["request_id"]) == (str(row.pk), callids.request_id(row.pk))
    assert (call["model"], call["key"], call["channel"]) == ("gpt-5-mini", "laptop", "main")
    assert (call["charge_usd"], call["price_source"]) == ("0.0042", "price")
    assert (call["kind"], call["source"], call["status"], call["ttfb_ms"]) == ("ok", "api", 200, 310)
    assert call["address"] == "203.0.113.7"


def test_a_refusal_before_a_price_has_none(user, api):
    refused(user, price_source="")
    (call,) = api.get("/usage").json()["items"]
    assert (call["kind"], call["price_source"], call["charge_usd"]) == ("error", None, "0.00")


def test_the_log_is_paged_and_narrowed(user, api):
    now = timezone.now()
    models = ["small", "large"]
    rows = [draft(user, now - timedelta(minutes=number), model=models[number % 2]) for number in range(120)]
    book([*rows, draft(user, now - timedelta(hours=3), model="large", api_key="desk")])
    seen, cursor = [], ""
    while True:
        page = api.get(f"/usage?model=large{cursor}").json()
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == 61
    assert [call["id"] for call in seen] == sorted((call["id"] for call in seen), key=int, reverse=True)
    assert {call["model"] for call in seen} == {"large"}
    assert len(api.get("/usage?key=desk").json()["items"]) == 1
    assert api.get("/usage?kind=error").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("kind=other", "kind"),
        ("cursor=abc", "cursor"),
        ("cursor=0", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=" + "9" * 40, "cursor"),
        ("model=" + "x" * 201, "model"),
        ("model=a%00b", "model"),
        ("key=%00", "key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(api, query, param):
    answer = api.get(f"/usage?{query}")
    assert answer.status_code == 422
    assert error(answer)["param"] == param


@pytest.mark.req("H5")
def test_unknown_parameters_are_ignored(api):
    assert api.get("/usage?colour=blue&kind=ok").status_code == 200


@pytest.mark.parametrize("cursor", ["1", str(2**63 - 1), "9" * 19])
def test_a_cursor_of_any_size_gives_a_page(user, api, cursor):
    called(user)
    assert api.get(f"/usage?cursor={cursor}").status_code == 200
    assert api.get(f"/wallet/ledger?cursor={cursor}").status_code == 200


def test_the_summary_counts_days_and_models(user, api):
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False):
        mine = program(user, ["read"])
        called(user, charge=NANO)
        called(user, timezone.now() - timedelta(days=1), model="large", charge=2 * NANO)
        refused(user)
        body = mine.get("/usage/summary?days=2").json()
    assert [day["date"] for day in body["days"]] == ["2026-11-22", "2026-11-23"]
    assert [day["paid_usd"] for day in body["days"]] == ["2.00", "1.00"]
    assert [(model["model"], model["calls"]) for model in body["models"]] == [("large", 1), ("gpt-5-mini", 1)]
    assert body["total"] == {
        "calls": 2,
        "errors": 1,
        "input_tokens": 200,
        "output_tokens": 40,
        "paid_usd": "3.00",
    }


def test_the_summary_follows_the_clock_of_the_account(user, api):
    User.objects.filter(pk=user.pk).update(timezone="Asia/Shanghai")
    with time_machine.travel(datetime(2026, 11, 23, 20, tzinfo=UTC), tick=False):
        mine = program(user, ["read"])
        called(user)
        assert mine.get("/usage/summary?days=1").json()["days"][0]["date"] == "2026-11-24"


@pytest.mark.parametrize("days", ["0", "-1", "91", "x", "1e2", "1.5", "9" * 30])
def test_a_summary_of_no_days_is_refused(api, days):
    assert error(api.get(f"/usage/summary?days={days}"))["param"] == "days"


@pytest.fixture
def channels(db, group):
    """Two models on one channel, a third on one that the group does not see."""
    Channel.objects.all().delete()
    main = Channel.objects.create(name="main", base_url="https://upstream.example", priority=5)
    Route.objects.bulk_create([Route(channel=main, model="small"), Route(channel=main, model="large")])
    backup = Channel.objects.create(name="backup", base_url="https://upstream.example")
    Route.objects.create(channel=backup, model="small")
    off = Channel.objects.create(name="off", base_url="https://upstream.example", enabled=False)
    Route.objects.create(channel=off, model="hidden")
    Price.objects.create(model="small", channel="main", input=NANO, output=2 * NANO)
    Price.objects.create(model="small", channel="backup", input=7 * NANO, output=7 * NANO)


def test_models_are_told_with_what_they_cost_this_account(user, group, channels, api):
    group.multiplier_ppm = 1_500_000
    group.save()
    body = api.get("/models").json()
    assert body["items"] == [
        {"id": "large", "callable": False, "price_source": None, "input_usd": None, "output_usd": None},
        {"id": "small", "callable": True, "price_source": "price", "input_usd": "1.50", "output_usd": "3.00"},
    ]


def test_a_model_without_a_price_costs_the_fallback_where_that_is_accepted(user, channels, api):
    policy = PricingPolicy.current()
    preferences.save(user, accept_unpriced=True)
    large = api.get("/models").json()["items"][0]
    assert (large["callable"], large["price_source"]) == (True, "fallback")
    assert large["input_usd"] == f"{policy.fallback_input / NANO:.2f}"


def test_models_that_the_group_leaves_out_are_not_told(group, channels, api):
    group.allowed_models = ["small"]
    group.save()
    assert [model["id"] for model in api.get("/models").json()["items"]] == ["small"]
