"""Stores that misbehave as a test says."""

from collections.abc import Callable, Sequence

from gateway.commit.orders import Hold, Outcome, Reserve, Settle, Settled, Store


class Fragile:
    """A store that raises, before or after committing, what the test says; None lets a commit pass."""

    def __init__(self, store: Store, *failures: tuple[str, Exception] | None) -> None:
        self.store, self.failures = store, list(failures)

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        failure = self.failures.pop(0) if self.failures else None
        if failure and failure[0] == "before":
            raise failure[1]
        outcome = await self.store.commit(settles, reserves)
        if failure:
            raise failure[1]
        return outcome

    async def recall(self, order: Settle) -> Settled | None:
        return await self.store.recall(order)

    async def free(self, wallets: set[int]) -> set[int]:
        return await self.store.free(wallets)

    async def save_seen(self, seen: dict[int, int]) -> None:
        await self.store.save_seen(seen)

    async def close(self) -> None:
        await self.store.close()


class Paper:
    """A store in memory that admits everything, unless `refuse` raises; it remembers its batches."""

    def __init__(self, refuse: Callable[[Sequence[Settle], Sequence[Reserve]], None] = lambda _s, _r: None) -> None:
        self.refuse = refuse
        self.batches: list[tuple[list[int], list[int]]] = []
        self.seen: dict[int, int] = {}
        self.locked: set[int] = set()

    async def commit(self, settles: Sequence[Settle], reserves: Sequence[Reserve]) -> Outcome:
        self.refuse(settles, reserves)
        self.batches.append(([order.id for order in settles], [order.id for order in reserves]))
        return Outcome(
            [Settled(first=True, paid=order.charge, shortfall=0) for order in settles],
            [Hold(order.id, order.wallet, order.prompt_cost, 1) for order in reserves],
            len(self.batches),
        )

    async def recall(self, order: Settle) -> Settled | None:
        return None

    async def free(self, wallets: set[int]) -> set[int]:
        return wallets - self.locked

    async def save_seen(self, seen: dict[int, int]) -> None:
        self.seen |= seen

    async def close(self) -> None:
        """Nothing is open."""
