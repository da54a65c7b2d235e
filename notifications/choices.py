"""Which events a method tells of, as its owner chooses them."""

from collections.abc import Collection

from accounts.models import User
from notifications import events
from notifications.models import Method


class UnknownEvent(LookupError):
    """There is no such event, or this account is not offered it."""


def told(user: User, method: Method) -> list[str]:
    """Return the names of the events that are on, of those that the account is offered."""
    return [event.name for event in events.offered(user) if event.name not in method.muted]


def muted(user: User, method: Method, chosen: Collection[str]) -> set[str]:
    """Return what is switched off once `chosen` events are on; what this account is not offered stays as it was.

    Raises UnknownEvent.
    """
    offered = {event.name for event in events.offered(user)}
    for name in chosen:
        if name not in offered:
            raise UnknownEvent(f"There is no event {name!r}. There are: {', '.join(sorted(offered))}.")
    return (offered - set(chosen)) | (set(method.muted) - offered)
