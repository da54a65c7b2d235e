"""App registration."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Register the checks."""
        register(import_string("accounts.checks.ports_filled"))
        register(import_string("accounts.checks.signup_possible"))
        register(import_string("accounts.checks.jobs_resolve"))
