"""What the privacy rule reads from a call, and what it adds."""

from typing import Protocol


class Owner(Protocol):
    """Whoever pays for the call."""

    @property
    def record_ip(self) -> bool:
        """Return whether the owner lets addresses be recorded."""
        ...


class AddressedCall(Protocol):
    """A call whose caller is known; `address` is what logs may hold."""

    address: str | None

    @property
    def known_caller(self) -> Owner:
        """Return the caller."""
        ...

    @property
    def client_address(self) -> str | None:
        """Return the client's address."""
        ...


def recordable(call: AddressedCall) -> str | None:
    """Return the address that a log row may hold: None unless its owner records it."""
    return call.client_address if call.known_caller.record_ip else None
