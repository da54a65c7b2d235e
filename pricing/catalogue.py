"""The bundled price list: what the makers of models ask on their own interface, and the sandbox.

The list is genai-prices' data file, read without a network. Only `quickstart` and `demo` import this module: it costs
about half a second and 70 MB, which no server process should pay. A model is left out, and so stays unpriced, where a
charge by its listed rates could be too low.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from typing import cast

from django.utils import timezone
from genai_prices.data import providers
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    Provider,
    TieredPrices,
    TimeOfDateConstraint,
)

from common.money import NANO, from_usd
from pricing import prices
from pricing.models import Price

SOURCE = f"genai-prices {version('genai-prices')}"
# who makes models and serves them; hosts of others' models have prices of their own, which belong on their channel
MAKERS = (
    *("openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere"),
    *("moonshotai", "minimax", "meta", "zai"),
)
COUNTED = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
}
TIERED = ("input", "output", "cached_input", "cache_write")
PER_CALL = "requests_kcount"  # for a thousand calls
# what stays uncharged: an hour's cache is asked for in Anthropic's own format only, and the gate refuses hosted tools
IGNORED = {
    *("cache_write_1h_mtok", "web_searches_kcount", "social_searches_kcount"),
    *("storage_searches_kcount", "code_executions_kcount"),
}
# not what a maker sells under its own name: names of resellers, stems of names, weights that others serve
FOREIGN = re.compile(r"[/:]|-$|^(gpt-oss|gemma)")
# what bills more than its listed tokens: searches made unasked, images; sound where no rate of sound is listed
UNLISTED = re.compile(r"search|image")
SOUND = re.compile(r"audio|realtime")
SANDBOX: prices.Terms = {
    "input": NANO // 2,
    "output": 3 * NANO // 2,
    "cached_input": NANO // 20,
    "reasoning": 2 * NANO,
    "context": 32_768,
    "max_output": 4_096,
}


def load_first_party(*, today: date | None = None) -> int:
    """Store the prices of the makers' models and of the sandbox, as they are today; return how many are new.

    Prices that an operator has set or retired stay. Doing it again changes only what the list has changed.
    """
    drafts = [prices.draft(name, source="sandbox", **SANDBOX) for name in ("sandbox-echo", "sandbox-slow")]
    return prices.offer([*drafts, *first_party(today or timezone.now().date())])


def first_party(today: date) -> list[Price]:
    """Return the bundled list as unsaved prices, one for every name that a client may use."""
    found: dict[str, Price] = {}
    for provider in sorted((each for each in providers if each.id in MAKERS), key=lambda each: MAKERS.index(each.id)):
        for model in provider.models:
            if terms := _terms(dearest_today(model, today), model.context_window):
                for name in _names(provider, model):
                    if "audio_input" in terms or not SOUND.search(name):
                        found.setdefault(name, prices.draft(name, source=SOURCE, **terms))
    return list(found.values())


def dearest_today(model: ModelInfo, today: date) -> ModelPrice:
    """Return the price that is valid today; where it changes with the time of day, the dearest."""
    times = {time(0)}
    for conditional in model.prices if isinstance(model.prices, list) else ():
        if isinstance(conditional.constraint, TimeOfDateConstraint):
            times |= {conditional.constraint.start_time, conditional.constraint.end_time}
    return max((model.get_prices(datetime.combine(today, at, at.tzinfo or UTC)) for at in times), key=_weight)


def _names(provider: Provider, model: ModelInfo) -> Iterator[str]:
    """Yield the names declared equal to the model; a name that only looks alike may cost something else."""
    for name in (model.id, *_equals(model.match)):
        ours = model.is_match(name) and _maker(name) in {None, provider.id}
        if ours and not FOREIGN.search(name) and not UNLISTED.search(name):
            yield name


def _equals(match: MatchLogic) -> Iterator[str]:
    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseOr):
        for clause in match.or_:
            yield from _equals(clause)


def _maker(name: str) -> str | None:
    """Return who claims the name: clouds of one maker also sell models of others."""
    claims = (
        each.id for each in providers if each.id in MAKERS and each.model_match and each.model_match.is_match(name)
    )
    return next(claims, None)


def _terms(price: ModelPrice, context: int | None) -> prices.Terms | None:
    """Return what the gate can charge by, None where that could be too little."""
    listed = {key: value for key, value in price.__dict__.items() if value is not None}
    if not _base(listed.get("input_mtok")) or not _chargeable(listed):
        return None
    terms = {
        ours: from_usd((_base if ours in TIERED else _dearest)(listed[theirs]))
        for ours, theirs in COUNTED.items()
        if theirs in listed
    }
    terms.setdefault("output", 0)  # embeddings have no output
    if PER_CALL in listed:
        terms["per_call"] = from_usd(_dearest(listed[PER_CALL]) / 1000)
    return cast(prices.Terms, {**terms, "tiers": _tiers(listed), "context": context})


def _chargeable(listed: dict[str, Decimal | TieredPrices]) -> bool:
    """Return whether every listed unit is counted, ignored, or no dearer than the token it is counted as."""
    known = {*COUNTED.values(), PER_CALL, *IGNORED}
    return all(_dearest(price) <= _counted_as(unit, listed) for unit, price in listed.items() if unit not in known)


def _counted_as(unit: str, listed: dict[str, Decimal | TieredPrices]) -> Decimal:
    """Return the base rate at which the gate charges a unit that it does not tell apart."""
    if not unit.endswith("_mtok"):
        return Decimal(0)
    if unit == "cache_audio_read_mtok":
        return _base(listed.get("input_audio_mtok", listed["input_mtok"]))  # audio, cached or not, counts as audio
    if unit.startswith("cache_") and "_read_" in unit:
        return _base(listed.get("cache_read_mtok", listed["input_mtok"]))
    return _base(listed.get("output_mtok" if unit.startswith("output_") else "input_mtok"))


def _tiers(listed: dict[str, Decimal | TieredPrices]) -> list[dict[str, int]]:
    rows = []
    tiered = {ours: price for ours in TIERED if isinstance(price := listed.get(COUNTED[ours]), TieredPrices)}
    for above in sorted({tier.start for price in tiered.values() for tier in price.tiers}):
        reached = {ours: [tier.price for tier in price.tiers if tier.start <= above] for ours, price in tiered.items()}
        rows.append({"above": above, **{ours: from_usd(steps[-1]) for ours, steps in reached.items() if steps}})
    return rows


def _base(price: Decimal | TieredPrices | None) -> Decimal:
    return price.base if isinstance(price, TieredPrices) else price or Decimal(0)


def _dearest(price: Decimal | TieredPrices) -> Decimal:
    return max(price.base, *(tier.price for tier in price.tiers)) if isinstance(price, TieredPrices) else price


def _weight(price: ModelPrice) -> Decimal:
    return _base(price.__dict__.get("input_mtok")) + _base(price.__dict__.get("output_mtok"))
