"""What the tests of the wallet's pages share."""

import pytest

from accounts.models import User
from tests.accounts.conftest import admin, admin_browser
from wallet import ledger

__all__ = ["admin", "admin_browser"]


@pytest.fixture
def user(user: User) -> User:
    """An account with an empty wallet."""
    ledger.open_wallet(user.pk)
    return user


@pytest.fixture
def other(group) -> User:
    """Somebody else, with a wallet."""
    other = User.objects.create_user("olu", "olu@example.com", "correct horse battery", group=group)
    ledger.open_wallet(other.pk)
    return other


@pytest.fixture
def page(client, user):
    """A signed-in browser."""
    client.force_login(user)
    return client
