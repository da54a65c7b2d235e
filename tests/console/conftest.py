"""What the tests of the console share."""

from pathlib import Path

import pytest

from accounts.models import User
from wallet import ledger


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    """A media folder that ends with the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def owner(user) -> User:
    """An account with $3.42, and a note that a spreadsheet would compute."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 3_420_000_001, reference="one", note="=cmd()")
    return user


@pytest.fixture
def page(client, user):
    """A signed-in browser of an account with an empty wallet."""
    ledger.open_wallet(user.pk)
    client.force_login(user)
    return client
