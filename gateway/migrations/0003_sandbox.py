"""The built-in channel that answers without a network, so that a new installation has something to call."""

from django.db import migrations

MODELS = ("sandbox-echo", "sandbox-slow")


def open_sandbox(apps, schema_editor):
    channel, _ = apps.get_model("gateway", "Channel").objects.get_or_create(name="sandbox", defaults={"kind": "sandbox"})
    for model in MODELS:
        apps.get_model("gateway", "Route").objects.get_or_create(channel=channel, model=model)


def close_sandbox(apps, schema_editor):
    apps.get_model("gateway", "Channel").objects.filter(kind="sandbox").delete()


class Migration(migrations.Migration):
    dependencies = [("gateway", "0002_commit")]

    operations = [migrations.RunPython(open_sandbox, close_sandbox)]
