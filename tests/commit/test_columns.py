"""The SQL of the commit against the models whose tables it writes."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import NOT_PROVIDED, Field

import gateway.commit
from gateway import sweep, workforce
from gateway.commit import columns, postgres, sqlite_rows
from gateway.commit.orders import Record
from gateway.commit.rules import Budget
from usage.models import CallLog
from wallet import ledger, verify
from wallet.models import Budget as BudgetRow
from wallet.models import Hold

FUNCTIONS = (Path(gateway.commit.__file__).parent / "commit_0001.sql").read_text()
LITE = "\n".join(value for value in vars(sqlite_rows).values() if isinstance(value, str))
TABLES = {
    model._meta.db_table: {field.column: field for field in model._meta.concrete_fields if field.column}
    for model in apps.get_models()
}
INSERT = re.compile(r"INSERT INTO (\w+)(?: AS \w+)?\s*\(([^)]*)\)")
OWN = ("wallet_", "usage_", "notifications_threshold", "common_version", "gateway_worker")


def inserts(sql: str) -> dict[str, list[str]]:
    """Return the columns of each INSERT by table."""
    return {table: [name.strip().strip('"') for name in names.split(",")] for table, names in INSERT.findall(sql)}


@pytest.mark.parametrize(("store", "sql"), [("postgresql", FUNCTIONS), ("sqlite", LITE)])
def test_each_insert_names_every_column_that_has_no_default_of_the_database(store, sql):
    found = inserts(sql)
    assert set(found) == {
        "wallet_hold", "wallet_ledgerentry", "wallet_walletevent", "wallet_budget", "usage_calllog", "usage_hourlyusage"
    }  # fmt: skip
    for table, names in found.items():
        fields = TABLES[table]
        assert set(names) <= set(fields), table
        assert len(set(names)) == len(names), table
        assert not [column for column, field in fields.items() if column not in names and not may_be_left_out(field)]


def may_be_left_out(field: "Field[object, object]") -> bool:
    return field.db_default is not NOT_PROVIDED or field.null or field.get_internal_type() == "BigAutoField"


@pytest.mark.parametrize(
    "sql", [FUNCTIONS, LITE, postgres.SAVE_SEEN, sweep.OPEN, workforce.LEASE, workforce.FREE, workforce.LIVING,
            ledger.NEW_THRESHOLD, ledger.REARM, ledger.NEW_ENTRY, verify.WALLETS, verify.HELD, verify.STRAYS,
            verify.CHARGED, verify.LOGGED]
)  # fmt: skip
def test_every_table_that_is_named_exists(sql):
    named = {word for word in re.findall(r"\b[a-z]+_[a-z]+\b", sql) if word.startswith(OWN)}
    assert {word for word in named if word not in TABLES} <= {"wallet_id"}


def test_a_row_of_the_call_log_is_a_record_and_its_call():
    assert [column.name for column in columns.RECORD] == list(Record.__slots__)
    rest = {"id", "user_id", "charge", "shortfall"}
    assert {column.name for column in columns.RECORD} | rest == set(TABLES[CallLog._meta.db_table])


@pytest.mark.parametrize(("model", "written"), [(CallLog, columns.RECORD), (Hold, columns.KEPT)])
def test_texts_are_cut_to_the_length_of_their_column(model, written):
    lengths = {field.column: field.max_length for field in model._meta.concrete_fields}
    assert {c.name: c.width for c in written if c.type == "text"} == {
        c.name: lengths[c.name] for c in written if c.type == "text"
    }


@pytest.mark.parametrize(("model", "written"), [(CallLog, columns.RECORD), (Hold, columns.KEPT)])
def test_types_are_those_of_the_columns(model, written):
    types = {
        "CharField": "text", "BooleanField": "boolean", "SmallIntegerField": "smallint", "IntegerField": "int",
        "BigIntegerField": "bigint", "GenericIPAddressField": "inet",
    }  # fmt: skip
    fields = {field.column: field.get_internal_type() for field in model._meta.concrete_fields}
    assert {c.name: c.type for c in written} == {c.name: types[fields[c.name]] for c in written}


def test_every_kind_of_budget_has_a_rule():
    assert {kind for kind in BudgetRow.Kind.values if not Budget(1, kind, 0, 0, 0).counts_money} == {
        "rpm", "tpm", "parallel", "streams"
    }  # fmt: skip


def test_a_swept_hold_is_read_column_by_column():
    names = sweep.OPEN.split("SELECT")[1].split("FROM")[0].replace("\n", " ").split(",")
    slots = [name.strip().removesuffix("_id") if name.strip() == "wallet_id" else name.strip() for name in names]
    assert slots == list(sweep.OpenHold.__slots__)
