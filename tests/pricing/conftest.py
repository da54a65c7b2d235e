"""What the tests of prices share."""

import pytest

from common import version


@pytest.fixture
def moved(db):
    """Return a claim that the version has moved since it was last asked."""
    seen = [version.current()]

    def claim() -> bool:
        before, seen[0] = seen[0], version.current()
        return seen[0] > before

    return claim
