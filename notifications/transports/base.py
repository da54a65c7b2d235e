"""What every way out has: one verb, and one way to fail."""

from typing import Protocol


class TransportFailed(Exception):
    """The message did not leave; the text says why, without secrets. `permanent`: trying again is in vain."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Transport(Protocol):
    """Sends the payload of a delivery."""

    def recipients(self, payload: str) -> set[str]:
        """Return the e-mail addresses that a payload names, in lower case."""
        ...

    def send(self, delivery_id: int, payload: str) -> str:
        """Send it and return what the other side said. Raises TransportFailed."""
        ...
