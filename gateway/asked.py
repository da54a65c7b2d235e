"""What the gate must know of a request, whatever the format it came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.routing import Candidate
from pricing.units import Units


@dataclass(slots=True)
class Asked:
    """A request as read: `client_max` output tokens for each of `copies` answers, `prompt_tokens` as estimated.

    `stateful` names the fields that only some channels may receive, `unrated` those that cost more than tokens and
    have no rate of their own. Upstream caches should bring calls together by their `session`, else by their `hint`.
    """

    body: bytes
    payload: Mapping[str, Any]
    model: str
    stream: bool = False
    prompt_tokens: int = 0
    client_max: int | None = None
    copies: int = 1
    wants_usage: bool = False
    stateful: tuple[str, ...] = ()
    unrated: tuple[str, ...] = ()
    session: str = ""
    hint: str = ""


class Format(Protocol):
    """One endpoint's way of saying things; a module of gateway.formats."""

    @property
    def path(self) -> str:
        """Return where it stands upstream, below the channel's base URL."""
        ...

    def read(self, body: bytes, payload: Any) -> Asked:
        """Return what a strictly parsed body asks for. Raises InvalidRequest."""
        ...

    def body_for(self, asked: Asked, candidate: Candidate, bound: int | None) -> bytes:
        """Return the bytes that this candidate is sent; `bound` output tokens are told where it is not None."""
        ...

    def adds_bound(self, asked: Asked, candidate: Candidate, bound: int) -> bool:
        """Return whether telling the bound changes what the client has told itself."""
        ...

    def units(self, usage: Mapping[str, Any]) -> Units | None:
        """Return the usage that an upstream reported, None where it makes no sense."""
        ...

    def seen(self, answer: Mapping[str, Any]) -> int:
        """Return how many bytes of text an answer, or one event of it, gives to the client."""
        ...
