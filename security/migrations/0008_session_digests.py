"""Name the rows of sessions by digests of their keys, so that nobody is signed out."""

import hashlib

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def digest(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Replace each key by what `security.sessions.stored` makes of it."""
    sessions = apps.get_model("security", "Session").objects
    for key in list(sessions.values_list("session_key", flat=True)):
        sessions.filter(session_key=key).update(session_key=hashlib.sha256(key.encode()).hexdigest()[:40])


def end(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """End all sessions: their keys are not known."""
    apps.get_model("security", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("security", "0007_sign_in_link")]
    operations = [migrations.RunPython(digest, end)]
