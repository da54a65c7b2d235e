"""App registration."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.module_loading import import_string


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        """Carry what accounts asks of the rooms above it, and register the check."""
        register(import_string("console.checks.settings_resolve"), Tags.urls)
        import_string("accounts.jobs.KINDS").update({"console.export.write", "console.erase.run"})
        import_string("accounts.ports.forget").fill(import_string("console.delete_account.forget"))
        import_string("accounts.ports.checks").fill(import_string("console.checkup.elsewhere"))
        import_string("accounts.ports.opened").fill(import_string("console.accounts.opened"))
        import_string("accounts.ports.standing").fill(import_string("console.standing.standing"))
