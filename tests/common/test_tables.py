"""Tables that rooms hand out, and CSV that no spreadsheet computes."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common import money, sheet, tables, wal
from common.tables import Table, columns
from tests.booked import called
from usage.models import CallLog, HourlyUsage


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_every_row_is_read_once_whatever_the_size_of_a_batch(user, monkeypatch, count):
    monkeypatch.setattr(tables, "BATCH", 3)
    rows = [called(user, model=f"m{number}") for number in range(count)]
    table = Table("calls", CallLog.objects.filter(user=user), columns("model"))
    found = [row["model"] for batch in table.batches() for row in batch]
    assert found == [row.model for row in rows]
    assert table.count() == count


def test_rows_with_several_keys_are_read_once(user, monkeypatch):
    monkeypatch.setattr(tables, "BATCH", 2)
    names = {(hour, model, key) for hour in (1, 2) for model in "ab" for key in "xyz"}
    sums = dict.fromkeys(("calls", "errors", "input_tokens", "output_tokens", "paid"), 0)
    HourlyUsage.objects.bulk_create(
        HourlyUsage(user=user, hour=hour, model=model, api_key=key, **sums) for hour, model, key in names
    )
    table = Table(
        "hours", HourlyUsage.objects.all(), columns("hour", "model", "api_key"), keys=("hour", "model", "api_key")
    )
    found = [tuple(row.values()) for batch in table.batches() for row in batch]
    assert found == sorted(names)


def test_a_writer_never_sees_what_is_missing(user):
    called(user, charge=5, price_id=None)
    table = Table(
        "calls", CallLog.objects.all(), columns(usd=("charge", money.to_decimal), price=("price_id", money.to_decimal))
    )
    assert [row for batch in table.batches() for row in batch] == [{"usd": Decimal("0.000000005"), "price": None}]


@pytest.mark.req("I14")
@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＠x", "－1", "＋1", '=HYPERLINK("x")', "-"],  # noqa: RUF001
)
def test_text_that_a_spreadsheet_would_compute_stands_behind_a_quote(text):
    assert sheet.cell(text) == f"'{text}"
    file = io.StringIO()
    csv.writer(file).writerow([sheet.cell(text)])
    file.seek(0)
    assert next(csv.reader(file)) == [f"'{text}"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
        (["a", "项"], '["a", "项"]'),
        ("laptop", "laptop"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_everything_else_is_written_as_it_is(value, told):
    assert sheet.cell(value) == told


@pytest.mark.django_db(transaction=True)
def test_the_log_of_sqlite_is_folded_away(user, settings):
    assert wal.fold()
    if settings.SQLITE:
        log = settings.DATA / f"{settings.DATABASES['default']['NAME']}-wal"
        assert not log.exists() or log.stat().st_size == 0


def test_nothing_is_folded_in_the_middle_of_a_transaction(user, settings):
    assert wal.fold() is not settings.SQLITE
