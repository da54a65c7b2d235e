"""Price lookups and the arithmetic of a charge. Money is nano-USD, a multiplier is parts per million."""

from collections.abc import Iterable, Mapping, Sequence

from pricing.models import Price, PricingPolicy
from pricing.units import Rates, Tier, Units

MILLION = 1_000_000
SCALE = MILLION * MILLION  # a rate is per million units, a multiplier per million parts
HALF = SCALE // 2


class PriceNotSet(Exception):
    """The model has no price and its caller does not accept that."""


def live_rates(models: Iterable[str]) -> Mapping[tuple[str, str], Rates]:
    """Return the live prices of these models by (model, channel name or "").

    A price of images or seconds alone is left out: a call that is counted in tokens would cost nothing by it.
    """
    prices = Price.objects.live().filter(model__in=set(models))
    return {(price.model, price.channel): rates_of(price) for price in prices if _counts_tokens(price)}


def rates_of(price: Price) -> Rates:
    """Return a stored price as the value that calls are charged by; a free one costs nothing, whatever its rates."""
    if price.state == Price.State.FREE:
        return Rates(price.pk, "free", input=0, output=0, context=price.context, max_output=price.max_output)
    return Rates(
        id=price.pk,
        source="price",
        input=price.input,
        output=price.output,
        cached_input=price.cached_input,
        cache_write=price.cache_write,
        reasoning=price.reasoning,
        audio_input=price.audio_input,
        audio_output=price.audio_output,
        per_call=price.per_call or 0,
        tiers=tuple(sorted((Tier(**tier) for tier in price.tiers), key=lambda tier: tier.above)),
        context=price.context,
        max_output=price.max_output,
    )


def fallback_rates() -> Rates | None:
    """Return the operator's fallback price, None where accepting unpriced models is forbidden."""
    policy = PricingPolicy.current()
    if not policy.allow_unpriced:
        return None
    return Rates(id=None, source="fallback", input=policy.fallback_input, output=policy.fallback_output)


def charge(rates: Rates, units: Units, multiplier_ppm: int) -> int:
    """Return the charge of a call: units x rates x multiplier, rounded half up once.

    Usage that contradicts itself is charged for what fits: parts never exceed their whole, dearer kinds go first.
    """
    tier = _tier(rates, units.input) if rates.tiers else None
    total = _input_cost(rates, tier, units) + _output_cost(rates, tier, units) + rates.per_call * MILLION
    return (total * multiplier_ppm + HALF) // SCALE


def prompt_cost(rates: Rates, prompt_tokens: int, multiplier_ppm: int) -> int:
    """Return the most that a prompt of this size can cost, rounded up; the flat price of a call included."""
    dearest = max(
        [rates.audio_input or 0, *[max(_input_rates(rates, tier)) for tier in _reachable(rates, prompt_tokens)]]
    )
    return _ceil((dearest * prompt_tokens + rates.per_call * MILLION) * multiplier_ppm, SCALE)


def output_rate(rates: Rates, prompt_tokens: int, multiplier_ppm: int, *, copies: int = 1) -> int:
    """Return the dearest rate of an output token for `copies` answers, in nano-USD per million, rounded up."""
    plain = max([_output_base(rates, tier) for tier in _reachable(rates, prompt_tokens)])
    dearest = max(plain, rates.reasoning or 0, rates.audio_output or 0)
    return _ceil(dearest * copies * multiplier_ppm, MILLION)


def _input_cost(rates: Rates, tier: Tier | None, units: Units) -> int:
    plain, cached, write = _input_rates(rates, tier)
    left = max(0, units.input)
    if not (units.cached or units.cache_write or units.audio_input):
        return left * plain
    audio = _part(units.audio_input, left)
    left -= audio
    written = _part(units.cache_write, left)
    left -= written
    read = _part(units.cached, left)
    left -= read
    audio_rate = plain if rates.audio_input is None else rates.audio_input
    return left * plain + read * cached + written * write + audio * audio_rate


def _output_cost(rates: Rates, tier: Tier | None, units: Units) -> int:
    plain = _output_base(rates, tier)
    left = max(0, units.output)
    if not (units.reasoning or units.audio_output):
        return left * plain
    audio = _part(units.audio_output, left)
    left -= audio
    thought = _part(units.reasoning, left)
    left -= thought
    audio_rate = plain if rates.audio_output is None else rates.audio_output
    thought_rate = plain if rates.reasoning is None else rates.reasoning
    return left * plain + thought * thought_rate + audio * audio_rate


def _part(claimed: int, left: int) -> int:
    return max(0, min(claimed, left))


def _tier(rates: Rates, prompt_tokens: int) -> Tier | None:
    reached = None
    for tier in rates.tiers:
        if prompt_tokens > tier.above:
            reached = tier
    return reached


def _reachable(rates: Rates, prompt_tokens: int) -> Sequence[Tier | None]:
    """Return what a prompt of at most this size can be charged by: the base rates and every tier below it."""
    return (None, *[tier for tier in rates.tiers if prompt_tokens > tier.above])


def _input_rates(rates: Rates, tier: Tier | None) -> tuple[int, int, int]:
    """Return the rates of plain, cached and cache-write input."""
    plain, cached, write = rates.input, rates.cached_input, rates.cache_write
    if tier is not None:
        plain = plain if tier.input is None else tier.input
        cached = cached if tier.cached_input is None else tier.cached_input
        write = write if tier.cache_write is None else tier.cache_write
    return plain, plain if cached is None else cached, plain if write is None else write


def _output_base(rates: Rates, tier: Tier | None) -> int:
    return rates.output if tier is None or tier.output is None else tier.output


def _counts_tokens(price: Price) -> bool:
    return price.state == Price.State.FREE or any((price.input, price.output, price.reasoning, price.per_call))


def _ceil(total: int, by: int) -> int:
    return -(-total // by)
