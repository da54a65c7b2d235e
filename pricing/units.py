"""What is counted and what it costs: plain values, shared by the price gate and the relay."""

from dataclasses import dataclass


@dataclass(slots=True)
class Units:
    """The usage of one call in tokens: `input` with cached, cache-write, audio ones, `output` with reasoning, audio."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates of a whole request whose prompt has more than `above` tokens; None keeps the base rate."""

    above: int
    input: int | None = None
    output: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """A live price, read once and kept in memory. Rates are nano-USD per million units, `per_call` nano-USD.

    `id` is None and `source` "fallback" for the operator's fallback price of a model without one. A kind of token
    without a rate of its own costs what input or output costs. `tiers` stand in ascending order.
    """

    id: int | None
    source: str  # a usage.CallLog.PriceSource: price, free, fallback
    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None
    per_call: int = 0
    tiers: tuple[Tier, ...] = ()
    context: int | None = None
    max_output: int | None = None
