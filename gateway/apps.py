"""App registration."""

from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from gateway.checks import api_middleware


class GatewayConfig(AppConfig):
    name = "gateway"
    verbose_name = _("Gateway")

    def ready(self) -> None:
        """Check the rules of the gate before it starts, and answer what settings pages ask of the channels."""
        checks.register(api_middleware)
        import_string("accounts.ports.unpriced_models").fill(import_string("gateway.offers.unpriced"))
        import_string("accounts.ports.offered").fill(import_string("gateway.offers.offered"))
