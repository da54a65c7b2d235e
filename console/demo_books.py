"""Turn an invented month into books: what the gate would have admitted, refused and charged, call by call."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from accounts.models import User
from common import windows
from common.money import NANO
from console.demo_traffic import Failure, Sketch
from gateway import holds
from gateway.commit.mint import Mint
from gateway.commit.orders import Limit, Record, Refused
from gateway.models import ApiKey
from pricing import services as pricing
from pricing.units import Rates
from wallet.history import Past, Used
from wallet.ledger import Kind

TOP_UP = 10 * NANO
LOW = 3 * NANO  # free; below it the account is topped up, as long as money is still needed
LEFT = 2 * NANO // 5  # what is left at the end, about: low enough for a warning
STEP = NANO // 2  # a top-up is some half-dollars
WORKER = 1023  # whose ids these are: the last number, which no server process leases before all others
MILLION = 1_000_000


@dataclass(slots=True)
class Books:
    """The account's books, filled call by call."""

    user: User
    keys: dict[str, ApiKey]
    prices: dict[str, Rates]  # by model
    free: int = 0
    credits: int = 0
    entries: list[Past] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)  # of the call log
    spent: dict[Limit, int] = field(default_factory=lambda: defaultdict(int))

    def write(self, plan: Sequence[Sketch]) -> None:
        """Book the calls in their order, topping the wallet up as its owner would."""
        mint = Mint(WORKER, clock=(round(each.at.timestamp() * 1000) for each in plan).__next__)
        needed = sum(map(self._charge, plan))
        for sketch in plan:
            self._top_up(sketch, needed)
            needed -= self._charge(sketch)
            self._call(mint.next(), sketch)

    def budgets(self) -> list[Used]:
        """Return what the keys have used of their limits, period by period."""
        return [Used(each.kind, each.owner, each.period_start, each.amount, sum_) for each, sum_ in self.spent.items()]

    def _call(self, call_id: int, sketch: Sketch) -> None:
        failure = sketch.failure or self._refusal(sketch)
        charge = 0 if failure else self._charge(sketch)
        record = _error(sketch, failure) if failure else self._answer(sketch)
        self.rows.append({"id": call_id, "charge": charge, "shortfall": 0, **asdict(record)})
        self.free -= charge
        if charge and (limit := self._limit(sketch)):
            self.spent[limit] += charge
        if charge:
            at = sketch.at + timedelta(milliseconds=sketch.latency_ms)
            self.entries.append(Past(Kind.CALL, -charge, str(call_id), at))

    def _charge(self, sketch: Sketch) -> int:
        rates = self.prices[sketch.habit.model]
        return 0 if sketch.failure else pricing.charge(rates, sketch.units, self.user.group.multiplier_ppm)

    def _limit(self, sketch: Sketch) -> Limit | None:
        key = self.keys[sketch.key]
        start = windows.opens(key.period, sketch.at.timestamp())
        return None if key.limit is None else Limit("key", key.pk, start, key.limit)

    def _refusal(self, sketch: Sketch) -> Failure | None:
        """Return why the hold does not fit, in the gate's own words; None if it does."""
        rates, ppm, prompt = self.prices[sketch.habit.model], self.user.group.multiplier_ppm, sketch.units.input
        output = -(-pricing.output_rate(rates, prompt, ppm) * sketch.bound // MILLION)
        needed, limit = pricing.prompt_cost(rates, prompt, ppm) + output, self._limit(sketch)
        if needed > self.free:
            limit = None
        elif not limit or self.spent[limit] + needed <= limit.amount:
            return None
        told = holds.refusal(Refused(needed, self.free, held=0, limit=limit), sketch.at.timestamp())
        return Failure(told.status, told.code, told.message, weight=0)

    def _top_up(self, sketch: Sketch, needed: int) -> None:
        """Credit the wallet where it is low and money is still needed; the first time it is the start credit."""
        missing = needed + LEFT - self.free
        if self.free >= LOW or missing <= 0:
            return
        amount = min(TOP_UP, -(-missing // STEP) * STEP)
        kind, note = (Kind.CREDIT, "Top-up") if self.credits else (Kind.START, "")
        at = sketch.at - timedelta(seconds=90)
        self.entries.append(Past(kind, amount, f"demo:{self.user.pk}:{self.credits}", at, note))
        self.credits += 1
        self.free += amount

    def _answer(self, sketch: Sketch) -> Record:
        rates, units = self.prices[sketch.habit.model], sketch.units
        return Record(
            model=sketch.habit.model,
            api_key=sketch.key,
            channel=sketch.habit.channel,
            stream=sketch.stream,
            input_tokens=units.input,
            output_tokens=units.output,
            cached_tokens=units.cached,
            reasoning_tokens=units.reasoning,
            price_id=rates.id,
            price_source=rates.source,
            estimated=sketch.estimated,
            latency_ms=sketch.latency_ms,
            ttfb_ms=sketch.ttfb_ms,
        )


def _error(sketch: Sketch, failure: Failure) -> Record:
    return Record(
        kind="error",
        model=failure.model or sketch.habit.model,
        api_key=sketch.key,
        channel=sketch.habit.channel if failure.upstream else "",
        stream=sketch.stream,
        status=failure.status,
        code=failure.code,
        reason=failure.reason,
        latency_ms=sketch.latency_ms if failure.upstream else 1,
    )
