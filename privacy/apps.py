"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        """Answer what other rooms ask before they prune."""
        import_string("accounts.ports.kept").fill(import_string("privacy.retention.kept"))
