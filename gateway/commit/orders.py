"""What callers ask of a commit and what comes back.

Money is integer nano-USD (10^-9 $), rates are nano-USD per million output tokens, bounds are output tokens. What every
call makes anew is changed by nobody, but not frozen: freezing sets each field by a call of its own, which was a seventh
of what a call costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget that a call counts against; its row is made by the first hold of the period.

    `kind` is a wallet.Budget.Kind: "key", "cap" and "playground" count nano-USD, "rpm" calls, "tpm" tokens, "parallel"
    open calls, "streams" open streams. `owner` is the id of the API key or user, `period_start` a Unix second (0 = for
    good).
    """

    kind: str
    owner: int
    period_start: int
    amount: int


@dataclass(slots=True)
class Reserve:
    """Ask for a hold of `prompt_cost` plus the output bound at `output_rate`.

    `output_rate` has the group's multiplier and max(n, best_of) x prompts folded in, rounded up; `model_limit` is
    already at most context minus prompt; `client_max` is None where the client set no maximum.
    """

    id: int
    wallet: int
    prompt_tokens: int
    prompt_cost: int
    output_rate: int
    model_limit: int
    client_max: int | None = None
    limits: tuple[Limit, ...] = ()
    model: str = ""
    api_key: str = ""
    channel: str = ""
    worker: int = 0
    stream: bool = False
    kind: str = "call"
    source: str = "api"
    price_id: int | None = None
    price_source: str = "price"


@dataclass(slots=True)
class Hold:
    """An admitted reserve: `amount` is held, `bound` output tokens are paid for."""

    id: int
    wallet: int
    amount: int
    bound: int


@dataclass(slots=True)
class Refused:
    """A reserve that did not fit: `limit` is the used-up one, None where the wallet is short."""

    needed: int
    free: int
    held: int
    limit: Limit | None = None


@dataclass(slots=True)
class Record:
    """The call log row of a settlement or a refusal; the columns of usage.CallLog."""

    kind: str = "ok"
    source: str = "api"
    model: str = ""
    api_key: str = ""
    channel: str = ""
    stream: bool = False
    status: int = 200
    code: str = ""
    reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    price_id: int | None = None
    price_source: str = "price"
    estimated: bool = False
    latency_ms: int = 0
    ttfb_ms: int | None = None
    address: str | None = None


@dataclass(slots=True)
class Settle:
    """Close the hold `id` of `wallet`, charging `charge`; without a record it is a silent release.

    With `held` False there is no hold: the record alone is written (a refusal). Both charge nothing.
    """

    id: int
    wallet: int
    charge: int
    record: Record | None
    held: bool = True

    def __post_init__(self) -> None:
        if self.charge and (self.record is None or not self.held):
            raise ValueError("what has no hold or no record charges nothing")


@dataclass(slots=True)
class Settled:
    """`paid` was booked, `shortfall` could not be; both 0 and `first` False if the hold was closed before."""

    first: bool
    paid: int
    shortfall: int


@dataclass(slots=True)
class Outcome:
    """One committed batch, in the order it was asked for, and the number of the version row."""

    settled: list[Settled]
    reserved: list[Hold | Refused]
    version: int


class Conflict(Exception):
    """The batch lost a race (40P01, 40001, SQLITE_BUSY): nothing is committed, the same batch may be tried again."""


class StoreDown(Exception):
    """The store is out of reach, or its connection broke: whether the batch is committed is unknown."""


class Locked(StoreDown):
    """A row of the batch stayed locked by somebody else: nothing is committed."""


class Store(Protocol):
    """Commits batches durably, one at a time."""

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        """Return the outcome of one transaction. Raises Conflict, StoreDown, or what the poisoned row caused."""
        ...

    async def recall(self, order: Settle) -> Settled | None:
        """Return what this very settlement booked, if an earlier try was committed and its answer lost."""
        ...

    async def free(self, wallets: set[int]) -> set[int]:
        """Return those of these wallets that nobody has locked at this moment. Raises StoreDown."""
        ...

    async def save_seen(self, seen: dict[int, int]) -> None:
        """Store the output tokens seen so far by hold id, so that a sweeper can charge them."""
        ...

    async def close(self) -> None:
        """Give the connection back."""
        ...
