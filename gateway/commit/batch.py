"""A batch of orders on their way into one commit, each with the future on which its caller waits."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gateway.commit.orders import Hold, Refused, Reserve, Settle, Settled, StoreDown

logger = logging.getLogger(__name__)
Order = TypeVar("Order", Reserve, Settle)
Result = TypeVar("Result", Hold | Refused, Settled)


@dataclass(slots=True)
class Waiter(Generic[Order, Result]):
    """An order and its future; after `until` (monotonic seconds) a settlement's caller is told that it is late.

    `in_doubt` says that the answer to an earlier try was lost: it may be committed.
    """

    order: Order
    future: asyncio.Future[Result]
    until: float = field(default=float("inf"))
    in_doubt: bool = field(default=False)

    def expire(self) -> None:
        """Tell the caller that it need not wait any longer."""
        self.fail(StoreDown("no commit in time"))

    def fail(self, error: Exception) -> None:
        """Tell the caller, if it still waits; what happens to a settlement is logged even where nobody does."""
        if isinstance(self.order, Settle):
            late = isinstance(error, StoreDown)
            logger.error("Settlement late, it stays queued" if late else "Settlement failed", exc_info=error)
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # nobody has to look at it


SettleWaiter = Waiter[Settle, Settled]
ReserveWaiter = Waiter[Reserve, Hold | Refused]


@dataclass(slots=True)
class Batch:
    """What one commit takes: settlements come first."""

    settles: list[SettleWaiter]
    reserves: list[ReserveWaiter]

    def __len__(self) -> int:
        return len(self.settles) + len(self.reserves)

    def late(self) -> list[SettleWaiter]:
        """Return the settlements whose callers have waited long enough."""
        now = time.monotonic()
        return [waiter for waiter in self.settles if waiter.until < now]

    def by_row(self) -> Iterator["Batch"]:
        """Yield each order as a batch of its own."""
        yield from (Batch([waiter], []) for waiter in self.settles)
        yield from (Batch([], [waiter]) for waiter in self.reserves)

    def wallets(self) -> set[int]:
        """Return whose wallets it concerns."""
        return {waiter.order.wallet for waiter in self.settles} | {waiter.order.wallet for waiter in self.reserves}

    def split(self, wallets: set[int]) -> tuple["Batch", "Batch"]:
        """Return the orders of other wallets, and those of these, both in their order."""
        parts = Batch([], []), Batch([], [])
        for settle in self.settles:
            parts[settle.order.wallet in wallets].settles.append(settle)
        for reserve in self.reserves:
            parts[reserve.order.wallet in wallets].reserves.append(reserve)
        return parts

    def by_wallet(self) -> list["Batch"]:
        """Return the orders of each wallet as a batch of their own."""
        parts: dict[int, Batch] = {}
        for settle in self.settles:
            parts.setdefault(settle.order.wallet, Batch([], [])).settles.append(settle)
        for reserve in self.reserves:
            parts.setdefault(reserve.order.wallet, Batch([], [])).reserves.append(reserve)
        return list(parts.values())


def take(queue: "deque[Waiter[Order, Result]]", most: int) -> list[Waiter[Order, Result]]:
    """Return up to `most` waiters from the head of the queue."""
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def put_back(queue: "deque[Waiter[Order, Result]]", waiters: Iterable[Waiter[Order, Result]]) -> None:
    """Return waiters to the head of the queue, in their old order."""
    queue.extendleft(reversed(list(waiters)))


def fail(waiters: "Iterable[Waiter[Any, Any]]", error: Exception) -> None:
    """Tell each caller, if it still waits."""
    for waiter in waiters:
        waiter.fail(error)
