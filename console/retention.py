"""How long rows are kept: what is past its days goes, a few at a time, room by room."""

from datetime import datetime

from notifications import services as notifications
from privacy import retention as privacy
from usage import retention as usage
from wallet import retention as wallet


def calls(now: datetime) -> int:
    """Delete calls and errors past their retention; return how many. Call again if it is many."""
    if not any(usage.due(now).values()):
        return 0
    privacy.pruned(now)  # first: from here on nobody takes what is missing for a loss
    return usage.prune(now)


def due(now: datetime) -> dict[str, int]:
    """Return how many rows of each kind are past their retention."""
    return {**usage.due(now), "deliveries": notifications.due(), **wallet.due(now)}


def prune(now: datetime) -> dict[str, int]:
    """Delete what `due` names, all of it; return how many rows of each kind went."""
    gone = due(now)
    for verb in (calls, lambda _: notifications.prune(), wallet.prune):
        while verb(now):
            pass
    left = due(now)
    return {name: max(count - left[name], 0) for name, count in gone.items()}
