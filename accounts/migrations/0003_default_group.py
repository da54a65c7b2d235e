"""One group for accounts for which nobody chose one."""

from django.db import migrations


def make(apps, schema_editor):
    Group = apps.get_model("accounts", "Group")
    if not Group.objects.filter(is_default=True).exists():
        Group.objects.create(name="default", is_default=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_names_and_signup")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
