"""How PostgreSQL stores the hot tables, and the append-only ledger of both databases."""

from django.db import migrations

POSTGRESQL = [
    # room in each page for HOT updates: no indexed column of these ever changes
    "ALTER TABLE wallet_wallet SET (fillfactor = 50)",
    "ALTER TABLE wallet_budget SET (fillfactor = 50)",
    # every row of this table dies within minutes
    "ALTER TABLE wallet_hold SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)",
    """CREATE FUNCTION wallet_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'ledger entries are never changed'; END $$""",
    """CREATE TRIGGER wallet_ledger_append_only BEFORE UPDATE ON wallet_ledgerentry
       FOR EACH STATEMENT EXECUTE FUNCTION wallet_ledger_is_append_only()""",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER wallet_ledger_append_only ON wallet_ledgerentry",
    "DROP FUNCTION wallet_ledger_is_append_only",
    "ALTER TABLE wallet_hold RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
    "ALTER TABLE wallet_budget RESET (fillfactor)",
    "ALTER TABLE wallet_wallet RESET (fillfactor)",
]
SQLITE = [
    """CREATE TRIGGER wallet_ledger_append_only BEFORE UPDATE ON wallet_ledgerentry
       BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END"""
]
SQLITE_BACK = ["DROP TRIGGER wallet_ledger_append_only"]


def run(**statements):
    """Return a RunPython function that executes the statements of the database at hand."""

    def execute(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    return execute


class Migration(migrations.Migration):
    dependencies = [("wallet", "0001_initial")]

    operations = [
        migrations.RunPython(
            run(postgresql=POSTGRESQL, sqlite=SQLITE), run(postgresql=POSTGRESQL_BACK, sqlite=SQLITE_BACK)
        )
    ]
