"""PostgreSQL's group commit counts in a cap only what had no price; SQLite has its rules in Python."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "commit"
BEFORE, AFTER = FOLDER / "commit_0003.sql", FOLDER / "commit_0004.sql"


def replace(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(AFTER.read_text(), params=None)


def put_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BEFORE.read_text(), params=None)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0005_streams")]

    operations = [migrations.RunPython(replace, put_back)]
