"""The group commit's functions on PostgreSQL; SQLite has its rules in Python."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "commit" / "commit_0001.sql"
DROP = "DROP FUNCTION tollgate_commit, tollgate_warn, tollgate_record, tollgate_price"


def make_functions(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(SQL.read_text(), params=None)


def drop_functions(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0001_initial"),
        ("common", "0001_initial"),
        ("notifications", "0001_initial"),
        ("usage", "0001_initial"),
        ("wallet", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_functions, drop_functions)]
