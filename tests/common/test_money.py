"""Money on its way to programs."""

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common import money

SHAPE = re.compile(r"-?\d+\.(\d\d|\d{2,8}[1-9])")


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
@example(0)
@example(-1)
@example(-999_999_999)
def test_a_program_reads_back_exactly_what_was_meant(nano):
    assert Decimal(money.plain(nano)) * money.NANO == nano


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_there_is_no_exponent_and_no_more_decimals_than_needed(nano):
    assert SHAPE.fullmatch(money.plain(nano))


@pytest.mark.parametrize(
    ("nano", "text"),
    [(0, "0.00"), (420_000, "0.00042"), (3_400_000_000, "3.40"), (-1, "-0.000000001"), (-5 * 10**9, "-5.00")],
)
def test_examples(nano, text):
    assert money.plain(nano) == text
