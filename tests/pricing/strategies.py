"""Prices and usages for the arithmetic's properties: ordinary ones, and ones that no upstream should send."""

from hypothesis import strategies as st

from pricing.units import Rates, Tier, Units

RATE = st.integers(0, 10**15)
MAYBE = st.none() | RATE
PPM = st.integers(0, 10_000_000)
TOKENS = st.integers(0, 3_000_000)


@st.composite
def tier_lists(draw) -> tuple[Tier, ...]:
    """Draw tiers in ascending order."""
    steps = sorted(draw(st.sets(st.integers(1, 1_000_000), max_size=3)))
    return tuple(Tier(step, *(draw(MAYBE) for _ in range(4))) for step in steps)


@st.composite
def rates(draw) -> Rates:
    """Draw a price with any mix of optional rates and tiers."""
    optional = {
        name: draw(MAYBE) for name in ("cached_input", "cache_write", "reasoning", "audio_input", "audio_output")
    }
    flat = draw(st.integers(0, 10**12))
    return Rates(1, "price", draw(RATE), draw(RATE), **optional, per_call=flat, tiers=draw(tier_lists()))


@st.composite
def usages(draw, *, prompt: int, bound: int) -> Units:
    """Draw usage within an estimate and a bound; its parts may contradict the whole."""
    part = st.integers(-10, 4_000_000)
    return Units(draw(st.integers(0, prompt)), draw(st.integers(0, bound)), *(draw(part) for _ in range(5)))
