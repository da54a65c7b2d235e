"""How pages write figures."""

import pytest

from common.templatetags.figures import compact, count, duration, micro


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10.0K"), (123_456, "123K"), (91_600_000, "91.6M"), (2_500_000_000, "2.5B")],
)
def test_large_counts_have_three_figures(number, text):
    assert compact(number) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [(None, "—"), (0, "0 ms"), (999, "999 ms"), (1_000, "1.00 s"), (59_990, "59.99 s"), (125_000, "2 min 5 s")],
)
def test_spans_are_read_as_people_say_them(span, text):
    assert duration(span) == text


def test_counts_have_their_thousands_marked_and_totals_six_decimals():
    assert count(48_213) == "48,213"
    assert micro(-1_500) == "-$0.000002"
