"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class SecurityConfig(AppConfig):
    name = "security"
    verbose_name = _("Security")

    def ready(self) -> None:
        """Carry what accounts asks of this room."""
        import_string("accounts.ports.record").fill(import_string("security.events.record"))
        for verb in ("signed_in", "sign_in_failed", "signed_out"):
            import_string(f"accounts.ports.{verb}").fill(import_string(f"security.entrance.{verb}"))
        import_string("accounts.ports.known_device").fill(import_string("security.devices.known"))
        import_string("accounts.ports.end_sessions").fill(import_string("security.sessions.end_sessions"))
        import_string("accounts.ports.step_up").fill(import_string("security.sudo.step_up"))
        import_string("accounts.ports.ways").fill(import_string("security.ways.count"))
