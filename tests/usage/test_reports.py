"""What an account used, day by day and model by model."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.booked import called, refused
from usage import reports

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def test_days_are_listed_oldest_first_with_empty_ones(user):
    called(user, NOW)
    summary = reports.summary(user.pk, days=7, now=NOW)
    assert [day.date for day in summary.days] == [date(2026, 11, 14) + timedelta(days=number) for number in range(7)]
    assert [day.use.calls for day in summary.days] == [0] * 6 + [1]


def test_sums_equal_the_rows_by_day_and_model(user):
    called(user, NOW, charge=700, input_tokens=10, output_tokens=5)
    called(user, NOW - timedelta(days=1), charge=300, input_tokens=1, output_tokens=1)
    called(user, NOW - timedelta(days=1), model="qwen3-max", charge=5_000, input_tokens=40, output_tokens=10)
    refused(user, NOW)

    summary = reports.summary(user.pk, days=7, now=NOW)

    assert summary.total == reports.Use(calls=3, errors=1, input_tokens=51, output_tokens=16, paid=6_000)
    assert list(summary.models) == ["qwen3-max", "gpt-5-mini"]
    assert summary.models["gpt-5-mini"].paid == 1_000
    assert summary.days[-2].models == {"gpt-5-mini": 300, "qwen3-max": 5_000}


def test_the_span_before_counts_for_the_comparison_only(user):
    called(user, NOW, charge=100)
    called(user, NOW - timedelta(days=7), charge=40)
    called(user, NOW - timedelta(days=14), charge=9)
    summary = reports.summary(user.pk, days=7, now=NOW)
    assert (summary.total.paid, summary.paid_before) == (100, 40)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles", "Asia/Kolkata"])
def test_a_day_is_a_day_of_the_readers_clock(user, zone):
    clock = ZoneInfo(zone)
    midnight = datetime(2026, 11, 20, tzinfo=clock)
    called(user, midnight - timedelta(hours=1), charge=1)
    called(user, midnight + timedelta(hours=1), charge=2)

    days = reports.summary(user.pk, days=7, now=midnight + timedelta(hours=15)).days

    assert [day.use.paid for day in days[-2:]] == [1, 2]


def test_every_hour_of_a_day_that_changes_clocks_is_counted(user):
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, tzinfo=berlin).astimezone(UTC)  # 25 hours long
    for hour in range(25):
        called(user, start + timedelta(hours=hour), charge=1)
    summary = reports.summary(user.pk, days=7, now=datetime(2026, 10, 26, 12, tzinfo=berlin))
    assert [day.use.paid for day in summary.days[-2:]] == [25, 0]


def test_calls_of_others_never_count(user, group):
    other = type(user).objects.create_user("olu", "olu@example.com", "x", group=group)
    called(other, NOW)
    assert reports.summary(user.pk, days=7, now=NOW).total == reports.Use()
    assert reports.ever(user.pk) == reports.Use()
    assert reports.unpriced_lately(user) == []


def test_a_summary_costs_two_queries_however_much_was_called(user, django_assert_num_queries):
    for hour in range(30):
        called(user, NOW - timedelta(hours=hour), model=f"model-{hour % 3}")
    with django_assert_num_queries(2):
        reports.summary(user.pk, days=30, now=NOW)


def test_what_a_million_tokens_cost_is_rounded_down_and_zero_without_tokens():
    assert reports.Use(input_tokens=3, output_tokens=0, paid=10).per_million == 3_333_333
    assert reports.Use(paid=10).per_million == 0


def test_ever_counts_calls_and_errors_of_all_time(user):
    called(user, NOW - timedelta(days=900))
    refused(user, NOW)
    assert reports.ever(user.pk) == reports.Use(calls=1, errors=1)


def test_models_without_a_price_are_listed_with_what_became_of_their_calls(user):
    called(user, NOW - timedelta(hours=2), model="priced")
    called(user, NOW - timedelta(hours=1), model="new-model", price_source="fallback", charge=400)
    called(user, NOW, model="new-model", price_source="upstream", charge=50)
    refused(user, NOW - timedelta(hours=3), model="other-model", code="model_price_not_set", status=403)
    refused(user, NOW, model="priced")

    listed = reports.unpriced_lately(user)

    assert [(row.model, row.answered, row.refused, row.charge) for row in listed] == [
        ("new-model", 2, 0, 450),
        ("other-model", 0, 1, 0),
    ]
    assert listed[0].last_at == NOW


def test_only_the_latest_calls_are_searched_for_models_without_a_price(user, monkeypatch):
    monkeypatch.setattr(reports, "LATELY", 2)
    called(user, NOW - timedelta(hours=2), model="old-model", price_source="fallback")
    called(user, NOW - timedelta(hours=1), model="newer-model", price_source="fallback")
    called(user, NOW)
    assert [row.model for row in reports.unpriced_lately(user)] == ["newer-model"]
