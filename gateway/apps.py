"""App registration."""

from django.apps import AppConfig
from django.core import checks

from gateway.checks import api_middleware


class GatewayConfig(AppConfig):
    name = "gateway"
    verbose_name = "Gateway"

    def ready(self) -> None:
        """Check the rules of the gate before it starts."""
        checks.register(api_middleware)
