"""What templates draw."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st
from lucide import IconDoesNotExist

from common import charts, when
from common.money import NANO

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def draw(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def test_icon_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in draw("{% icon 'plus' 15 'big' %}")


def test_unknown_icon_is_an_error():
    with pytest.raises(IconDoesNotExist):
        draw("{% icon 'no-such-icon' %}")


@pytest.mark.parametrize(("percent", "width"), [(-5, "0%"), (0, "0%"), (37.5, "37.5%"), (100, "100%"), (400, "100%")])
def test_meter_never_overflows(percent, width):
    assert f'class="fill" width="{width}"' in draw("{% meter percent %}", percent=percent)


def test_meter_marks_its_tick_at_zero_too():
    assert 'class="tick" x="0%"' in draw("{% meter 10 'warn' 0 %}")
    assert "tick" not in draw("{% meter 10 %}")


def test_spark_escapes_and_scales():
    assert "26.0" in draw("{% spark values %}", values=[1, 2, 3])
    assert draw("{% spark values %}", values=[1]) == ""
    assert "<polyline" in draw("{% spark values %}", values=[5, 5])


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (25 * NANO, "$25.00"),
        (NANO // 100, "$0.01"),
        (NANO // 100 - 1, "$0.010000"),
        (342_000, "$0.000342"),
        (-NANO, "-$1.00"),
    ],
)
def test_amount_shows_cents_where_there_are_any(nano, text):
    assert draw("{{ nano|amount }}", nano=nano) == text


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-3), "Just now"),
        (timedelta(seconds=59), "Just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=13), "Yesterday"),
        (timedelta(days=2), "16 Nov 2026"),
    ],
)
def test_age_is_said_as_people_do(age, words):
    with time_machine.travel(NOW, tick=False):
        assert when.ago(NOW - age) == words


@pytest.mark.parametrize(
    ("days", "words"), [(12, "in 12 days"), (1, "in 1 day"), (0, "today"), (-1, "1 day ago"), (-19, "19 days ago")]
)
def test_distance_counts_days(days, words):
    with time_machine.travel(NOW, tick=False):
        assert when.distance(NOW + timedelta(days=days)) == words


def test_days_follow_the_order_of_the_language():
    assert (when.day(date(2026, 12, 4)), when.short_day(date(2026, 12, 4))) == ("4 Dec 2026", "4 Dec")
    with translation.override("zh-hans"):
        assert (when.day(date(2026, 12, 4)), when.short_day(date(2026, 12, 4))) == ("2026年12月4日", "12月4日")


def test_moments_follow_the_clock_of_the_account():
    with timezone.override("Asia/Shanghai"):
        assert draw("{{ at|moment }}", at=NOW).endswith(">18 Nov 2026 20:00:00</time>")


def test_chart_names_every_value_in_text():
    days = [(date(2026, 11, day), [NANO, 2 * NANO]) for day in range(1, 15)]

    drawn = draw("{% stacked_bars days names %}", days=days, names=["a", '"><b>'])

    assert drawn.count('class="bar"') == 14
    assert 'data-total="$3.00"' in drawn
    assert "<b>" not in drawn


@given(st.lists(st.lists(st.integers(0, 10**15), min_size=1, max_size=5), max_size=31))
def test_bars_stay_inside_the_chart(values):
    drawn = charts.stacked_bars([(date(2026, 1, 1), day) for day in values], ["a"] * 5)

    for bar in drawn["bars"]:
        assert all(-0.6 <= float(part["y"]) <= drawn["height"] for part in bar["parts"])
    assert 2 <= len(drawn["ticks"]) <= charts.LINES + 1


class Sample(forms.Form):
    name = forms.CharField(help_text="Any.", error_messages={"required": "Say it."})
    on = forms.BooleanField(required=False)
    size = forms.ChoiceField(choices=[("s", "Small")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize("name", ["name", "on", "size"])
def test_field_has_a_label_and_names_its_hint_and_errors(name):
    form = Sample({})
    drawn = draw("{% include 'elements/field.html' with field=field %}", field=form[name])

    assert "<label" in drawn
    for described in (form[name].aria_describedby or "").split():
        assert f'id="{described}"' in drawn


def test_hidden_field_is_only_itself():
    assert "<label" not in draw("{% include 'elements/field.html' with field=field %}", field=Sample()["secret"])
