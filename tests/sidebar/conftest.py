"""An account with a browser and a program, and an administrator; the operator's switches by one call."""

import pytest

from sidebar.models import SidebarPolicy
from tests.privacy.conftest import admin, api, page
from wallet import ledger

__all__ = ["admin", "api", "page"]


@pytest.fixture(autouse=True)
def purse(user) -> None:
    """The account has a wallet, as every one that was opened."""
    ledger.open_wallet(user.pk)


def turn_off(*names: str) -> None:
    """Let the operator turn these modules off."""
    SidebarPolicy.objects.update_or_create(pk=1, defaults=dict.fromkeys(names, False))
