"""What can answer a call: channels and routes, read once and kept in memory until the version moves."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credential:
    """One upstream key in clear; it never leaves the process but in the header it is made for."""

    id: int
    secret: str = field(repr=False)
    rests_until: float = 0  # Unix seconds; infinite for a refused key until a person or a probe brings it back


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to the first byte, between bytes, and in all."""

    connect: float = 5
    first_byte: float = 600
    gap: float = 300
    total: float = 3600


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model on a channel, as one call sees it."""

    channel_id: int
    channel: str
    kind: str  # gateway.Channel.Kind
    base_url: str  # without a trailing slash; with /v1 where the upstream wants it
    model: str  # what the client asked for
    upstream_model: str  # what the upstream calls it
    priority: int = 0
    weight: int = 1
    credentials: tuple[Credential, ...] = ()  # none: the upstream asks for no key
    headers: tuple[tuple[str, str], ...] = ()  # added to every call
    forward: tuple[str, ...] = ()  # client headers passed on beside the standard ones
    allow: frozenset[str] = frozenset()  # stateful fields the channel may receive
    bound_field: str = "max_tokens"
    groups: frozenset[int] = frozenset()  # empty: every group
    timeouts: Timeouts = Timeouts()
