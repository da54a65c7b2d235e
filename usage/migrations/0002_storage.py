"""How PostgreSQL stores the roll-up."""

from django.db import migrations

# room in each page for HOT updates: no indexed column ever changes
FORWARDS = "ALTER TABLE usage_hourlyusage SET (fillfactor = 50)"
BACK = "ALTER TABLE usage_hourlyusage RESET (fillfactor)"


def run(statement):
    """Return a RunPython function that executes the statement on PostgreSQL."""

    def execute(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement, params=None)

    return execute


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]

    operations = [migrations.RunPython(run(FORWARDS), run(BACK))]
