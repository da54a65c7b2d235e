"""App registration."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from sidebar.checks import modules_resolve, tabs_resolve


class SidebarConfig(AppConfig):
    name = "sidebar"
    verbose_name = "Sidebar"

    def ready(self) -> None:
        """Register the check of the registry."""
        register(modules_resolve, Tags.urls)
        register(tabs_resolve, Tags.urls)
