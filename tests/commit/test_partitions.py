"""The call log by months."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from common import callids
from tests.commit.rig import assert_books_balance, commit, fund
from tests.commit.targets import flat, paid
from usage import partitions
from usage.models import CallLog

pytestmark = pytest.mark.django_db(transaction=True)
needs_postgres = pytest.mark.skipif(settings.SQLITE, reason="of PostgreSQL: part of the run on PostgreSQL")
FAR = datetime(2091, 11, 15, 12, tzinfo=UTC)


def names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'usage_calllog'::regclass")
        return {name for (name,) in cursor.fetchall()}


def home(call: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM usage_calllog WHERE id = %s", [call])
        return str(cursor.fetchone()[0])


def attach_months() -> None:
    """Give the detached months back, with the bounds that their names say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^usage_calllog_2'")
        for name in {name for (name,) in cursor.fetchall()} - names():
            month = datetime(int(name[-6:-2]), int(name[-2:]), 1, tzinfo=UTC)
            low, high = callids.first_id(month), callids.first_id(partitions._following(month))
            cursor.execute(f"ALTER TABLE usage_calllog ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})")


@pytest.fixture
def far():
    """Take the partitions of a far future away again."""
    yield
    with connection.cursor() as cursor:
        for name in names():
            if name.startswith("usage_calllog_209"):
                cursor.execute(f"DROP TABLE {name}")


@pytest.mark.skipif(not settings.SQLITE, reason="of SQLite: part of the run on SQLite")
def test_sqlite_keeps_one_table():
    assert partitions.make_ahead() == 0


@needs_postgres
def test_the_migration_made_a_default_and_three_months_ahead():
    assert partitions.DEFAULT in names()
    assert len(names()) >= 5
    assert partitions.make_ahead() == 0


@needs_postgres
def test_months_are_made_once_and_over_the_end_of_the_year(far):
    assert partitions.make_ahead(now=FAR) == 4
    assert {name for name in names() if "_209" in name} == {
        "usage_calllog_209111", "usage_calllog_209112", "usage_calllog_209201", "usage_calllog_209202"
    }  # fmt: skip
    assert partitions.make_ahead(now=FAR) == 0
    assert partitions.make_ahead(5, now=FAR) == 2


@needs_postgres
def test_rows_that_had_no_month_move_into_it(far):
    (wallet,) = fund(1000)
    first = callids.first_id(datetime(2091, 11, 1, tzinfo=UTC))
    last = callids.first_id(datetime(2091, 12, 1, tzinfo=UTC)) - 1
    calls = [first - 1, first, last, last + 1]
    commit(reserves=[flat(call, wallet, 10) for call in calls])
    commit([paid(call, wallet, 5) for call in calls])
    assert {home(call) for call in calls} == {partitions.DEFAULT}
    before = list(CallLog.objects.order_by("pk").values())
    assert partitions.make_ahead(1, now=FAR) == 2
    assert [home(call) for call in calls] == [
        partitions.DEFAULT, "usage_calllog_209111", "usage_calllog_209111", "usage_calllog_209112"
    ]  # fmt: skip
    assert list(CallLog.objects.order_by("pk").values()) == before
    assert_books_balance()


@needs_postgres
def test_a_made_month_has_the_tables_keys(far):
    partitions.make_ahead(0, now=FAR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'usage_calllog_209111'")
        indices = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'usage_calllog_209111'::regclass AND contype = 'c'"
        )
        checks = cursor.fetchone()[0]
    assert len(indices) == 4
    assert any("(id) WHERE" in index and "'error'" in index for index in indices)
    assert any("(user_id, id) WHERE (address IS NOT NULL)" in index for index in indices)
    assert any("UNIQUE" in index and "(id)" in index for index in indices)
    assert any("(user_id, id DESC)" in index for index in indices)
    assert checks == 0


@needs_postgres
def test_a_month_whose_every_row_is_past_its_days_is_dropped_as_a_whole(far):
    (wallet,) = fund(1000)
    partitions.make_ahead(1, now=FAR)
    calls = [callids.first_id(moment) for moment in (FAR, FAR + timedelta(days=1), FAR + timedelta(days=20))]
    commit(reserves=[flat(call, wallet, 10) for call in calls])
    commit([paid(call, wallet, 5) for call in calls])
    ended = callids.first_id(datetime(2091, 12, 1, tzinfo=UTC))
    for name in names() - {"usage_calllog_209111", "usage_calllog_209112", partitions.DEFAULT}:
        with connection.cursor() as cursor:  # what the migration made is not of this test
            cursor.execute(f"ALTER TABLE usage_calllog DETACH PARTITION {name}")
    try:
        assert partitions.drop_before(ended - 1) == 0
        assert partitions.drop_before(ended) == 2
        assert names() == {"usage_calllog_209112", partitions.DEFAULT}
        assert list(CallLog.objects.values_list("pk", flat=True)) == [calls[2]]
    finally:
        attach_months()


@needs_postgres
def test_a_busy_month_is_left_for_the_next_time(far):
    partitions.make_ahead(0, now=FAR)
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM usage_calllog")
            assert partitions.drop_before(callids.first_id(datetime(2091, 12, 1, tzinfo=UTC))) == 0
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
    assert "usage_calllog_209111" in names()


@needs_postgres
def test_a_settlement_of_the_new_month_lands_in_it(far):
    (wallet,) = fund(1000)
    partitions.make_ahead(0, now=FAR)
    call = callids.first_id(FAR)
    commit(reserves=[flat(call, wallet, 10)])
    commit([paid(call, wallet, 5)])
    assert home(call) == "usage_calllog_209111"
    assert_books_balance()
