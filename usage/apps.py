"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = "Usage"

    def ready(self) -> None:
        """Answer what the pricing page asks of the log."""
        port = import_string("accounts.ports.unpriced_lately")
        port.fill(import_string("usage.reports.unpriced_lately"))
