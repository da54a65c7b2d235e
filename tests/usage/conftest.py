"""What the tests of the log share."""

import pytest

from accounts.models import User
from tests.accounts.conftest import admin, admin_browser

__all__ = ["admin", "admin_browser"]


@pytest.fixture
def other(group) -> User:
    """Somebody else."""
    return User.objects.create_user("olu", "olu@example.com", "correct horse battery", group=group)


@pytest.fixture
def page(client, user):
    """A signed-in browser."""
    client.force_login(user)
    return client
