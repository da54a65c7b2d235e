"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = _("Usage")

    def ready(self) -> None:
        """Answer what the pricing page asks of the log."""
        port = import_string("accounts.ports.unpriced_lately")
        port.fill(import_string("usage.reports.unpriced_lately"))
