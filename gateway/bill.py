"""What a call cost: the upstream's word where it can be true, else the estimate."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from common.money import NANO
from gateway import estimate
from gateway.commit.orders import Hold
from gateway.held import Held
from gateway.routing import Candidate
from pricing import services as pricing
from pricing.units import Rates, Units

MILLION = 1_000_000
# where no price names a context: what an estimate may be wrong by (three times), and prompts that upstreams add
WRONG_BY, ADDED = 3, 65_536


@dataclass(slots=True)
class Bill:
    """A charge in nano-USD and what it is for; `estimated` where the upstream's word was missing or not believed."""

    units: Units
    charge: int
    price_id: int | None
    price_source: str
    estimated: bool = False


def bill(held: Held, candidate: Candidate, usage: Any, seen: Callable[[], int]) -> Bill:
    """Return the bill of an answer with this `usage`; `seen` returns the bytes of text that it gave to the client."""
    call = held.call
    if not isinstance(usage, dict):
        return guess(held, candidate, seen())
    units = call.known_format.units(usage)
    if units is None or not plausible(held, candidate, units):
        return guess(held, candidate, seen())
    rates = call.prices[candidate.channel]
    charge = pricing.charge(rates, units, call.known_caller.multiplier_ppm)
    if rates.source == "fallback":
        return without_price(held, usage.get("cost"), units, charge)
    return Bill(units, charge, rates.id, rates.source)


def without_price(held: Held, cost: Any, units: Units, charge: int) -> Bill:
    """Return the bill of a model without a price: the upstream's `cost` where it can be true, else the fallback's.

    Where the account has a cap a month, that is at most the hold: what the cap let in is all that it can cost.
    """
    caller, hold = held.call.known_caller, held.hold
    if cost is not None:
        reported = reported_cost(cost, caller.multiplier_ppm, most=hold.amount)
        if reported is not None:
            return Bill(units, reported, None, "upstream")
    most = charge if caller.safeguard.monthly_cap is None else min(charge, hold.amount)
    return Bill(units, most, None, "fallback", estimated=cost is not None or most < charge)


def guess(held: Held, candidate: Candidate, seen: int) -> Bill:
    """Return the bill of the prompt and what was seen, at most the hold."""
    call, hold = held.call, held.hold
    asked, rates = call.known_request, call.prices[candidate.channel]
    output = min(estimate.tokens(seen), hold.bound * asked.copies)
    units = Units(input=asked.prompt_tokens, output=output)
    charge = min(pricing.charge(rates, units, call.known_caller.multiplier_ppm), hold.amount)
    return Bill(units, charge, rates.id, rates.source, estimated=True)


def plausible(held: Held, candidate: Candidate, units: Units) -> bool:
    """Return whether a call like this can have used so much: within context and bound."""
    asked, rates = held.call.known_request, held.call.prices[candidate.channel]
    most_input = rates.context or WRONG_BY * asked.prompt_tokens + ADDED
    told = asked.client_max is not None or (held.bounded and held.bound_for(candidate) is not None)
    most_output = held.hold.bound if told else _longest(rates, held.hold)
    return units.input <= most_input and units.output <= min(most_output * asked.copies, estimate.LARGEST)


def _longest(rates: Rates, hold: Hold) -> int:
    return max(rates.max_output or rates.context or estimate.UNKNOWN_LIMIT, hold.bound)


def reported_cost(cost: Any, multiplier_ppm: int, *, most: int) -> int | None:
    """Return nano-USD for a cost in USD, as an upstream reports it; None where it is no number from 0 to `most`."""
    if isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        # the shortest text of a float is the text that it was read from
        nano = Decimal(str(cost)) * NANO * multiplier_ppm / MILLION
    except ArithmeticError:
        return None
    if not nano.is_finite() or not 0 <= nano <= most:
        return None
    return int(nano.quantize(Decimal(1), rounding=ROUND_HALF_UP))
