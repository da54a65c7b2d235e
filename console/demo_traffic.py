"""An invented month of calls: which model, when, how long, and what went wrong. No database, no clock of its own."""

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from pricing.units import Units

DAYS = 30
# the rhythm of an office: by weekday from Monday, and by hour of the day (UTC)
WEEKDAYS = (1.0, 1.12, 1.18, 1.08, 0.86, 0.32, 0.26)
HOURS = (2, 1, 1, 1, 1, 2, 4, 9, 18, 26, 29, 27, 20, 24, 29, 30, 27, 22, 15, 11, 9, 8, 6, 4)
GROWTH = 0.6  # the last day has so much more than the first
SHARE_OF_ERRORS = 0.035
STREAMED = 0.7
CLIENT_LEFT = 0.008  # share of the streams that their client ends early
BOUND = 4096  # what most clients ask for at most


@dataclass(frozen=True, slots=True)
class Habit:
    """How a model is used: its share of the calls, medians of tokens, and what is usual for it."""

    model: str
    channel: str
    share: float
    prompt: int
    output: int
    caches: float = 0.0  # share of calls whose prompt was seen before
    thinks: bool = False
    pace_ms: float = 12  # for each output token


HABITS = (
    Habit("gpt-5-mini", "openai", 0.36, 1_900, 420, caches=0.4, thinks=True, pace_ms=8),
    Habit("claude-sonnet-4-5", "anthropic", 0.22, 3_800, 560, caches=0.55, pace_ms=15),
    Habit("gemini-2.5-flash", "google", 0.23, 2_600, 380, caches=0.2, thinks=True, pace_ms=6),
    Habit("gpt-5", "openai", 0.12, 2_900, 780, caches=0.3, thinks=True, pace_ms=18),
    Habit("sandbox-echo", "sandbox", 0.07, 240, 180, pace_ms=1),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A way in which a call ends without an answer; `model` where it names one that is not in use."""

    status: int
    code: str
    reason: str
    weight: int
    model: str = ""
    upstream: bool = False


FAILURES = (
    Failure(
        429, "rate_limit_exceeded", "Every channel of this model is busy. Try again in a moment.", 30, upstream=True
    ),
    Failure(502, "upstream_error", "The upstream failed before it answered.", 22, upstream=True),
    Failure(400, "invalid_request", "The body is not valid JSON.", 16),
    Failure(403, "model_price_not_set", "This model has no price.", 14, model="research-preview"),
    Failure(404, "model_not_found", "No channel serves this model.", 11, model="gpt-5-mni"),
    Failure(504, "upstream_timeout", "The upstream was silent for too long.", 7, upstream=True),
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """One call before it is booked."""

    at: datetime
    habit: Habit
    key: str
    units: Units
    stream: bool
    latency_ms: int
    ttfb_ms: int
    bound: int
    estimated: bool = False
    failure: Failure | None = None


def month(
    chance: Random, *, now: datetime, calls: int, keys: Mapping[str, float], models: Container[str]
) -> list[Sketch]:
    """Return `calls` calls of the 30 days before `now`, oldest first, of these models; `keys` are names and shares."""
    habits = [each for each in HABITS if each.model in models]
    moments = sorted(_moment(chance, now) for _ in range(calls))
    return [
        _sketch(chance, moment, _one(chance, habits), chance.choices(list(keys), list(keys.values()))[0])
        for moment in _apart(moments)
    ]


def _one(chance: Random, habits: Sequence[Habit]) -> Habit:
    return chance.choices(habits, [each.share for each in habits])[0]


def _moment(chance: Random, now: datetime) -> datetime:
    """Return a moment of the last 30 days: a day and an hour by the rhythm, tried again if it is yet to come."""
    days = [now - timedelta(days=age) for age in range(DAYS)]
    weights = [WEEKDAYS[day.weekday()] * (1 + GROWTH * (1 - age / DAYS)) for age, day in enumerate(days)]
    while True:
        day = chance.choices(days, weights)[0]
        hour = chance.choices(range(24), HOURS)[0]
        moment = day.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0)
        if moment <= now - timedelta(minutes=1):
            return moment


def _apart(moments: Sequence[datetime]) -> Iterator[datetime]:
    """Yield the moments, each in a millisecond of its own: an id names a call by it."""
    yield from moments[:1]
    offset = 0
    for before, moment in pairwise(moments):
        offset = offset + 1 if moment == before else 0
        yield moment + timedelta(milliseconds=offset)


def _sketch(chance: Random, at: datetime, habit: Habit, key: str) -> Sketch:
    stream = chance.random() < STREAMED
    if chance.random() < SHARE_OF_ERRORS:
        failure = chance.choices(FAILURES, [each.weight for each in FAILURES])[0]
        return Sketch(at, habit, key, Units(), stream, _around(chance, 90, 0.9), 0, BOUND, failure=failure)
    units = _units(chance, habit)
    ttfb = _around(chance, 420, 0.5)
    latency = ttfb + round(units.output * habit.pace_ms * chance.uniform(0.8, 1.4))
    left = stream and chance.random() < CLIENT_LEFT
    return Sketch(at, habit, key, units, stream, latency, ttfb, max(BOUND, units.output), estimated=left)


def _units(chance: Random, habit: Habit) -> Units:
    prompt, output = _around(chance, habit.prompt, 0.8), min(_around(chance, habit.output, 0.7), BOUND)
    cached = prompt * chance.randrange(50, 92) // 100 if chance.random() < habit.caches else 0
    cached -= cached % 128  # upstreams cache whole blocks
    thought = output * chance.randrange(20, 65) // 100 if habit.thinks else 0
    return Units(prompt, output, cached, reasoning=thought)


def _around(chance: Random, median: int, spread: float) -> int:
    """Return a positive number around the median, with a long tail upward (log-normal)."""
    return max(1, round(chance.lognormvariate(math.log(median), spread)))
