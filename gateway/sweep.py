"""Settles what dead workers left open: the last resort behind every hold."""

import asyncio
import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from common import callids
from gateway import workforce
from gateway.commit import open_store
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Record, Settle, Settled
from gateway.commit.rules import price
from gateway.workforce import Heart

# nginx's "client closed request": here the gate itself went away, and nobody saw a status
INTERRUPTED = 499
REASON = "The server stopped during the call; charged from what had been seen."
# tasks are never swept: their upstream works on, and whoever polls them settles them
OPEN = """SELECT id, wallet_id, worker, amount, prompt_cost, output_rate, prompt_tokens, seen_tokens, source, model,
          api_key, channel, stream, price_id, price_source FROM wallet_hold WHERE kind = 'call' ORDER BY id"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold as its row tells, the columns of OPEN."""

    id: int
    wallet: int
    worker: int
    amount: int
    prompt_cost: int
    output_rate: int
    prompt_tokens: int
    seen_tokens: int
    source: str
    model: str
    api_key: str
    channel: str
    stream: bool
    price_id: int | None
    price_source: str

    def settlement(self, now: float) -> Settle:
        """Return the order that closes it from its last saved state, charging at most what is held."""
        charge = min(self.amount, self.prompt_cost + price(self.output_rate, self.seen_tokens))
        record = Record(
            source=self.source,
            model=self.model,
            api_key=self.api_key,
            channel=self.channel,
            stream=bool(self.stream),
            status=INTERRUPTED,
            reason=REASON,
            input_tokens=self.prompt_tokens,
            output_tokens=self.seen_tokens,
            price_id=self.price_id,
            price_source=self.price_source,
            estimated=True,
            latency_ms=max(0, int((now - callids.moment(self.id).timestamp()) * 1000)),
        )
        return Settle(self.id, self.wallet, charge, record)


def sweep(now: float) -> int:
    """Settle the holds of silent workers at the Unix second `now`; return how many.

    The first call enlists this process, and nothing is swept before it has beaten for as long as makes a silent worker
    a dead one. Any number of processes may sweep: a hold is settled once, also against its own worker coming back.
    """
    return settle_orphans(now) if heart().membership.is_steady() else 0


def settle_orphans(now: float) -> int:
    """Settle the holds whose workers are silent by now; return how many."""
    found = orphans()
    if not found:
        return 0
    results = asyncio.run(_settle([hold.settlement(now) for hold in found]))
    swept = sum(isinstance(result, Settled) and result.first for result in results)
    logger.warning("Swept %d of %d holds of silent workers", swept, len(found))
    return swept


def orphans() -> list[OpenHold]:
    """Return the open holds whose workers are silent, oldest first."""
    # in this order: a hold that is younger than the look at the living cannot be taken for an orphan
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        holds = [OpenHold(*row) for row in cursor.fetchall()]
    living = workforce.living() if holds else set()
    return [hold for hold in holds if hold.worker not in living]


@functools.cache
def heart() -> Heart:
    """Return what beats for this process, started on first use."""
    started = Heart()
    started.start()
    return started


async def _settle(orders: Sequence[Settle]) -> list[Settled | BaseException]:
    store = open_store()
    try:
        batcher = Batcher(store)
        return await asyncio.gather(*(batcher.settle(order) for order in orders), return_exceptions=True)
    finally:
        await store.close()
