"""The arrays in which a batch travels to PostgreSQL."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.commit.columns import INT_MAX, Column
from gateway.commit.postgres import Table
from tests.stores import postgres

psycopg = pytest.importorskip("psycopg")
COLUMNS = (Column("name", "text", 8), Column("count", "int"), Column("id", "bigint"), Column("flag", "boolean"))
TABLE = Table([*COLUMNS, Column("address", "inet")])


@dataclass(slots=True)
class Row:
    name: str
    count: int | None
    id: int
    flag: bool = False
    address: str | None = None


def test_a_batch_of_nobody_is_empty_arrays():
    assert TABLE.literals([]) == ["{}"] * 5


def test_what_is_missing_is_null_and_what_says_so_is_not():
    rows = [Row("None", None, 1), Row("NULL", 0, 2, flag=True, address="::1")]
    assert TABLE.literals(rows) == ['{"None","NULL"}', "{NULL,0}", "{1,2}", "{False,True}", '{NULL,"::1"}']


def test_what_does_not_fit_is_cut_and_the_others_are_left_alone():
    rows = [Row("a" * 9, INT_MAX + 1, 2**63 - 1), Row("nul\0", None, 0), Row("b", 7, 0)]
    assert TABLE.literals(rows)[:3] == ['{"aaaaaaaa","nul","b"}', f"{{{INT_MAX},NULL,7}}", f"{{{2**63 - 1},0,0}}"]


TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=8)
IDS = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.builds(Row, TEXTS, st.none() | st.integers(0, INT_MAX), IDS, st.booleans()), max_size=12))
def test_the_server_reads_what_was_written(rows):
    url = postgres()
    if url is None:
        pytest.skip("no PostgreSQL within reach")
    with psycopg.connect(url) as connection:
        read = connection.execute(
            "SELECT %s::text[], %s::int[], %s::bigint[], %s::boolean[]", TABLE.literals(rows)[:4]
        ).fetchone()
    assert read == tuple([getattr(row, column.name) for row in rows] for column in COLUMNS)
