"""App registration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class WalletConfig(AppConfig):
    name = "wallet"
    verbose_name = _("Wallet")

    def ready(self) -> None:
        """Answer what other rooms ask of the money."""
        import_string("accounts.ports.unpriced_spend").fill(import_string("wallet.budgets.unpriced_spend"))
        import_string("accounts.ports.total_locked").fill(import_string("wallet.ledger.total_locked"))
