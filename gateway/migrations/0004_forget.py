"""What PostgreSQL's commits wrote for an account while it was being deleted goes with its wallet.

SQLite needs none of it: a deletion there is one writer's, and no commit comes between.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "commit" / "commit_0002.sql"
DROP = "DROP TRIGGER tollgate_forget ON wallet_wallet; DROP FUNCTION tollgate_forget"


def make_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(SQL.read_text(), params=None)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0003_sandbox")]

    operations = [migrations.RunPython(make_trigger, drop_trigger)]
