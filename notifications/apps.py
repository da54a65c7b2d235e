"""App registration."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Carry what accounts asks of this room, and register the checks."""
        import_string("accounts.ports.announce").fill(import_string("notifications.services.announce"))
        register(import_string("notifications.checks.mail_server"))
