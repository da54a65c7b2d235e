"""How hard the heavy tests work: TOLLGATE_TEST_SCALE=1 (`make soak`) is full size, the default a twentieth."""

import os

SCALE = float(os.environ.get("TOLLGATE_TEST_SCALE", "0.05"))


def scaled(full: int, *, least: int = 1) -> int:
    """Return `full` rounds at scale 1, fewer below it, never less than `least`."""
    return max(least, round(full * SCALE))
