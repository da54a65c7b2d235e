"""App registration."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.module_loading import import_string


class SidebarConfig(AppConfig):
    name = "sidebar"
    verbose_name = "Sidebar"

    def ready(self) -> None:
        """Register the checks of the registry."""
        for name in ("modules_resolve", "tabs_resolve", "policy_complete"):
            register(import_string(f"sidebar.checks.{name}"), Tags.urls)
