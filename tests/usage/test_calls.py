"""The log, a page at a time: order, filters, cursors, totals."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from common import callids
from tests.booked import book, called, draft, refused
from usage import calls
from usage.calls import PAGE, Filter
from usage.models import CallLog, HourlyUsage

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def ids(page: calls.Page) -> list[int]:
    return [call.id for call in page.calls]


def test_newest_calls_come_first(user):
    first, second = called(user, NOON), called(user, NOON + timedelta(seconds=1))
    assert ids(calls.page(user.pk, Filter())) == [second.id, first.id]


def test_calls_of_others_are_never_in_a_page(user, other):
    mine, theirs = called(user), called(other)
    assert ids(calls.page(user.pk, Filter())) == [mine.id]
    assert ids(calls.page(user.pk, Filter(model=theirs.model))) == [mine.id]
    assert ids(calls.find(user.pk, theirs.id)) == []


def test_a_full_page_says_where_the_next_one_begins_and_the_last_says_nothing(user):
    rows = book([draft(user, NOON + timedelta(seconds=number)) for number in range(PAGE + 3)])
    newest_first = [row.id for row in rows][::-1]

    first = calls.page(user.pk, Filter())
    second = calls.page(user.pk, Filter(), before=first.older)

    assert ids(first) + ids(second) == newest_first
    assert second.older is None


def test_exactly_one_page_has_no_older_one(user):
    book([draft(user, NOON + timedelta(seconds=number)) for number in range(PAGE)])
    assert calls.page(user.pk, Filter()).older is None


def test_a_row_that_arrives_between_two_pages_shifts_nothing(user):
    book([draft(user, NOON + timedelta(seconds=number)) for number in range(PAGE + 3)])
    first = calls.page(user.pk, Filter())
    called(user, NOON + timedelta(hours=1))
    assert len(calls.page(user.pk, Filter(), before=first.older).calls) == 3


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(kind="ok"), {"a", "b"}),
        (Filter(kind="error"), {"refused"}),
        (Filter(model="qwen3-max"), {"b", "refused"}),
        (Filter(api_key="ci"), {"b"}),
        (Filter(kind="ok", model="qwen3-max"), {"b"}),
        (Filter(kind="error", api_key="ci"), set()),
        (Filter(model="no-such-model"), set()),
    ],
)
def test_a_filter_shows_what_it_names(user, chosen, expected):
    rows = {
        "a": called(user, NOON),
        "b": called(user, NOON, model="qwen3-max", api_key="ci"),
        "refused": refused(user, NOON, model="qwen3-max"),
    }
    assert set(ids(calls.page(user.pk, chosen))) == {rows[name].id for name in expected}


def test_a_period_leaves_older_calls_out(user):
    now = timezone.now()
    recent = called(user, now)
    called(user, now - timedelta(hours=3))
    since = callids.hour_of(recent.id)
    assert ids(calls.page(user.pk, Filter(since=since))) == [recent.id]
    assert ids(calls.page(user.pk, Filter(since=since, model="gpt-5-mini"))) == [recent.id]


def test_a_rare_model_is_found_across_hours_and_pages(user):
    """Every third hour has a match among ten other calls; three pages of them are walked through without a gap."""
    start = NOON - timedelta(days=30)
    rows = []
    for number in range(2 * PAGE + 7):
        hour = start + timedelta(hours=3 * number)
        rows.append(draft(user, hour, model="rare"))
        rows += [draft(user, hour + timedelta(minutes=minute)) for minute in (1, 2)]
    book(rows)
    expected = sorted((row.id for row in rows if row.model == "rare"), reverse=True)

    found, before = [], None
    while True:
        page = calls.page(user.pk, Filter(model="rare"), before=before)
        found += ids(page)
        before = page.older
        if before is None:
            break

    assert found == expected


def test_a_rare_model_is_found_without_reading_the_calls_between(user, django_assert_max_num_queries):
    book([draft(user, NOON + timedelta(minutes=number)) for number in range(300)])
    rare = called(user, NOON, model="rare")
    with django_assert_max_num_queries(4):
        assert ids(calls.page(user.pk, Filter(model="rare"))) == [rare.id]


def test_matches_behind_hours_whose_rows_are_pruned_are_still_found(user):
    old = [called(user, NOON - timedelta(hours=200), model="rare")]
    pruned = book([draft(user, NOON - timedelta(hours=number), model="rare") for number in range(PAGE + 20)])
    CallLog.objects.filter(pk__in=[row.pk for row in pruned]).delete()

    assert ids(calls.page(user.pk, Filter(model="rare"))) == [old[0].id]


def test_neighboring_hours_are_read_as_one_span(user):
    rows = book([draft(user, NOON + timedelta(hours=number)) for number in range(5)])
    assert ids(calls.page(user.pk, Filter(model="gpt-5-mini"))) == [row.id for row in rows[::-1]]
    assert calls._spans([9, 8, 7, 3]) == [(7, 10), (3, 4)]


def test_hours_are_read_until_they_hold_enough_whatever_the_cursor_cut():
    assert calls._enough([(9, 80), (8, 30), (6, 30), (5, 1)], 50) == [9, 8, 6]
    assert calls._enough([(9, 1)], 50) == [9]
    assert calls._enough([], 50) == []


def test_totals_equal_the_sum_over_the_rows(user, other):
    called(user, input_tokens=100, output_tokens=20, charge=5_000)
    called(user, model="qwen3-max", input_tokens=7, output_tokens=3, charge=900, shortfall=400)
    refused(user)
    called(other, charge=10**9)

    assert calls.outline(user.pk, Filter()).totals == calls.Totals(2, 1, 107, 23, 5_500)
    assert calls.outline(user.pk, Filter(model="qwen3-max")).totals == calls.Totals(1, 0, 7, 3, 500)
    assert calls.outline(user.pk, Filter(kind="error")).totals == calls.Totals(0, 1, 0, 0, 0)
    assert calls.outline(user.pk, Filter(kind="ok")).totals.errors == 0


def test_the_outline_offers_every_model_and_key_of_the_period_whatever_is_chosen(user):
    called(user)
    called(user, model="qwen3-max", api_key="ci")
    refused(user, model="", api_key="ci")

    outline = calls.outline(user.pk, Filter(model="qwen3-max"))

    assert outline.models == ["gpt-5-mini", "qwen3-max"]
    assert outline.api_keys == ["ci", "laptop"]


def test_an_account_without_calls_has_an_empty_page_and_zero_totals(user):
    assert calls.page(user.pk, Filter()) == calls.Page([], None)
    assert calls.outline(user.pk, Filter()).totals == calls.Totals(0, 0, 0, 0, 0)
    assert not HourlyUsage.objects.exists()
