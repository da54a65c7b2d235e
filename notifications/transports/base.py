"""What every way out has: a message, a target, one verb, one answer and one way to fail."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

Form = Mapping[str, str]  # what was entered, by the names of the fields
EXCERPT = 2_000  # characters of a request that the history keeps


@dataclass(frozen=True, slots=True)
class Message:
    """One event, told to one person in their language.

    `content` is plain text, a blank line between paragraphs; `data` holds what can stand in JSON, money as a decimal
    text (`balance_usd`).
    """

    delivery: int  # number of the delivery: every try has the same
    type: str  # as `quota.low`
    timestamp: datetime  # of the event, aware
    language: str
    title: str
    content: str
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Return the `webhook-id`, by which a receiver knows a message again."""
        return f"msg_{self.delivery}"

    def dump(self) -> str:
        """Return it as the payload of a delivery."""
        return json.dumps({**dataclasses.asdict(self), "timestamp": self.timestamp.isoformat()})

    @classmethod
    def load(cls, payload: str) -> "Message":
        """Return what was dumped."""
        fields = json.loads(payload)
        return cls(**{**fields, "timestamp": datetime.fromisoformat(fields["timestamp"])})


class TargetRefused(ValueError):
    """What was entered names no target; `errors` says by field, in words for a page, what to do."""

    def __init__(self, **errors: str) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class Target(Protocol):
    """Where messages go: a frozen dataclass of texts and numbers, whose JSON belongs into an encrypted column."""

    @classmethod
    def parse(cls, form: Form, *, old: Self | None = None) -> Self:
        """Return what a form says; secrets left empty stay as they are in `old`. Raises TargetRefused."""
        ...

    @classmethod
    def load(cls, text: str) -> Self:
        """Return what was dumped."""
        ...

    def dump(self) -> str:
        """Return it as text for a column; it holds secrets."""
        ...

    def shown(self) -> dict[str, str]:
        """Return its fields for a page or an API, each secret as a hint of it."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """How an exchange went, in words fit for its owner: secrets masked, and nothing quoted of what came back."""

    status: int  # of HTTP; 0 where it is another protocol or nothing came back
    request: str
    response: str


class TransportFailed(Exception):
    """The message did not leave; the text says why and what to do, without secrets.

    `permanent`: trying again is in vain. `answer`: how far the exchange came, where there was one.
    """

    def __init__(self, reason: str, *, permanent: bool = False, answer: Answer | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.answer = answer

    @property
    def status(self) -> int:
        """Return what the other side answered; 0 where nothing came back."""
        return self.answer.status if self.answer else 0


class Transport(Protocol):
    """The module of one kind of method."""

    @property
    def Target(self) -> Any:  # noqa: N802 (it is the class of its targets)
        """Return the class of its targets."""
        ...

    def send(self, target: Any, message: Message, /) -> Answer:
        """Send a message, its failures in the words of its language. Raises TransportFailed."""
        ...


def mask(secret: str) -> str:
    """Return a hint by which its owner knows a secret again: four dots and the last four of twelve or more."""
    return "••••" + (secret[-4:] if len(secret) >= 12 else "") if secret else ""  # noqa: PLR2004
