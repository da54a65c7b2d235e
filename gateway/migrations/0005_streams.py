"""PostgreSQL's group commit counts the open streams of an account; SQLite has its rules in Python."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).resolve().parent.parent / "commit"
BEFORE, AFTER = FOLDER / "commit_0001.sql", FOLDER / "commit_0003.sql"
HEAD = "CREATE FUNCTION tollgate_commit("


def replace(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(AFTER.read_text(), params=None)


def put_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        old = BEFORE.read_text().partition(HEAD)[2]
        schema_editor.execute(f"CREATE OR REPLACE FUNCTION tollgate_commit({old}", params=None)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0004_forget"), ("wallet", "0003_streams")]

    operations = [migrations.RunPython(replace, put_back)]
