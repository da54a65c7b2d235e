"""The invented month: it adds up like a real one, is the same for the same seed, and can be looked at."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from common import callids, windows
from console import demo, demo_traffic
from gateway.models import ApiKey
from pricing import catalogue, prices
from pricing.models import Price
from pricing.services import charge, rates_of
from pricing.units import Units
from security import policy as security
from usage.models import CallLog, HourlyUsage
from wallet import ledger, verify
from wallet.models import Budget, LedgerEntry

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
USD = 10**9


def fill(*, seed: int = 7, calls: int = 400, **chosen: Any) -> demo.Filled:
    """Make a small month."""
    return demo.fill(seed=seed, now=NOW, calls=calls, **chosen)


@pytest.mark.req("M10")
def test_the_books_add_up(db):
    made = fill()
    user = User.objects.get(username="demo")
    assert verify.check(NOW) == []
    assert ledger.balance(user.pk).total == LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] == made.free
    assert CallLog.objects.aggregate(sum=Sum("charge"))["sum"] == made.paid
    assert HourlyUsage.objects.aggregate(sum=Sum("paid"))["sum"] == made.paid
    assert (CallLog.objects.filter(kind="ok").count(), CallLog.objects.filter(kind="error").count()) == (
        made.calls, made.errors,
    )  # fmt: skip
    assert made.calls + made.errors == 400


def test_every_charge_is_what_its_price_and_units_say(db):
    fill()
    stored = {price.pk: price for price in Price.objects.all()}
    for row in CallLog.objects.filter(kind="ok", price_id__isnull=False):
        units = Units(row.input_tokens, row.output_tokens, row.cached_tokens, reasoning=row.reasoning_tokens)
        assert row.charge == charge(rates_of(stored[row.price_id or 0]), units, 1_000_000)
    assert not CallLog.objects.filter(kind="error").exclude(charge=0).exists()


def test_budgets_hold_what_each_key_spent_in_each_period(db):
    fill()
    names = dict(ApiKey.objects.values_list("pk", "name"))
    periods = dict(ApiKey.objects.values_list("name", "period"))
    spent: Counter[tuple[str, int]] = Counter()
    for row in CallLog.objects.filter(kind="ok"):
        spent[row.api_key, windows.opens(periods[row.api_key], callids.moment(row.id).timestamp())] += row.charge
    found = {(names[row.owner], row.period_start): row.spent for row in Budget.objects.all()}
    assert found == {key: nano for key, nano in spent.items() if key[0] != "old-laptop"}
    assert all(row.spent <= row.limit for row in Budget.objects.all())


def test_the_ledger_tells_when_each_call_was_paid(db):
    fill()
    for entry in LedgerEntry.objects.filter(kind="call"):
        row = CallLog.objects.get(pk=int(entry.reference))
        assert entry.amount == -row.charge
        assert entry.created_at == callids.moment(row.id) + timedelta(milliseconds=row.latency_ms)


def test_the_month_can_be_looked_at(db):
    made = fill(calls=3_000)
    rows = CallLog.objects.all()
    assert set(rows.filter(kind="ok").values_list("model", flat=True)) == {each.model for each in demo_traffic.HABITS}
    codes = set(rows.filter(kind="error").values_list("code", flat=True))
    assert {each.code for each in demo_traffic.FAILURES} | {"key_limit_reached"} <= codes
    assert made.free < USD, "a low balance is there to be seen"
    assert LedgerEntry.objects.filter(kind="credit").exists()
    moments = [callids.moment(pk) for pk in rows.values_list("pk", flat=True)]
    assert NOW - timedelta(days=30) < min(moments) < NOW - timedelta(days=27)
    assert NOW - timedelta(days=1) < max(moments) <= NOW
    weekdays = Counter(moment.weekday() for moment in moments)
    assert max(weekdays[5], weekdays[6]) * 2 < min(weekdays[day] for day in range(5))
    assert not rows.exclude(address=None).exists()


def test_it_can_be_looked_at_before_a_second_factor_is_set_up(db):
    fill()
    user = User.objects.get(username="demo")
    assert user.is_staff
    assert security.required_from(user)
    assert not security.overdue(user)


def test_a_disabled_key_is_used_no_more(db):
    fill()
    key = ApiKey.objects.get(name="old-laptop")
    assert not key.enabled
    assert key.last_used_at is not None
    assert key.last_used_at < NOW - demo.DISABLED_FOR
    assert all(each.created_at < key.last_used_at for each in ApiKey.objects.all())


def columns() -> list[tuple[object, ...]]:
    """Return what the month says, without what names rows of this database."""
    return list(CallLog.objects.order_by("pk").values_list("pk", "model", "api_key", "charge", "code", "latency_ms"))


def test_the_same_seed_makes_the_same_month(db):
    fill(calls=100)
    first = columns()
    fill(calls=100, again=True)
    assert columns() == first
    fill(calls=100, again=True, seed=8)
    assert columns() != first


def test_a_second_demo_is_refused_unless_it_replaces_the_first(db):
    fill(calls=50)
    with pytest.raises(demo.DemoExists):
        fill(calls=50)
    assert CallLog.objects.count() == 50
    fill(calls=60, again=True)
    assert CallLog.objects.count() == 60
    assert User.objects.filter(username="demo").count() == 1
    assert verify.check(NOW) == []


def test_another_account_keeps_its_own(user):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, USD, reference="x")
    fill(calls=50)
    fill(calls=50, again=True)
    assert ledger.balance(user.pk).total == USD
    assert not User.objects.get(username="demo").is_staff, "only the first account of all is an administrator"


def test_the_first_account_of_all_is_an_administrator_whose_password_works(db):
    made = fill(calls=50)
    account = User.objects.get(username="demo")
    assert account.is_superuser
    assert made.administrator
    assert account.check_password(made.password)


def test_what_an_operator_left_without_a_price_is_not_called(db):
    catalogue.load_first_party(today=NOW.date())
    prices.retire("gpt-5")
    fill(calls=200)
    assert not CallLog.objects.filter(model="gpt-5").exists()


def test_progress_reaches_the_end(db):
    done: list[int] = []
    fill(calls=120, progress=done.append)
    assert sum(done) == 120


def test_nothing_stays_of_a_month_that_fails(db, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("usage.history.log", fail)
    with pytest.raises(RuntimeError):
        fill(calls=50)
    assert not User.objects.filter(username="demo").exists()
    assert not LedgerEntry.objects.exists()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300))
def test_any_seed_makes_calls_that_could_have_happened(seed, calls):
    models = {each.model for each in demo_traffic.HABITS}
    plan = demo_traffic.month(Random(seed), now=NOW, calls=calls, keys={"a": 1, "b": 2}, models=models)
    assert len(plan) == calls
    assert [each.at for each in plan] == sorted(each.at for each in plan)
    for each in plan:
        assert NOW - timedelta(days=30) < each.at < NOW
        assert 0 <= each.units.cached <= each.units.input
        assert 0 <= each.units.reasoning <= each.units.output <= each.bound
        assert each.ttfb_ms <= each.latency_ms


def run(*args: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("demo", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_password_once(db, capsys):
    said = run("--calls", "40")
    password = said.splitlines()[-1]
    assert User.objects.get(username="demo").check_password(password)
    assert (said + "".join(capsys.readouterr())).count(password) == 1
    assert "calls and" in said


def test_the_command_prints_json(db):
    made = json.loads(run("--calls", "40", "--json"))
    assert made["username"] == "demo"
    assert made["calls"] + made["errors"] == 40
    assert made["free_usd"].count(".") == 1


def test_the_command_refuses_a_second_demo_with_status_1(db):
    run("--calls", "10", "--json")
    with pytest.raises(CommandError) as caught:
        run("--calls", "10")
    assert caught.value.returncode == 1
    assert json.loads(run("--calls", "10", "--again", "--json"))["keys"] == 4
