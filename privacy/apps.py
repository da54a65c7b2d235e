"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = "Privacy"

    def ready(self) -> None:
        """Answer what other rooms ask before they prune."""
        import_string("accounts.ports.kept").fill(import_string("privacy.retention.kept"))
