"""Where money is, for tests and their child processes, which need no Django; and short words for orders."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.commit.batcher import Batcher
from gateway.commit.orders import Limit, Record, Reserve, Settle, Store
from gateway.commit.postgres import PostgresStore
from gateway.commit.sqlite import SqliteStore

T = TypeVar("T")
DEFAULT_BOUND = 16_384


@dataclass(frozen=True, slots=True)
class Target:
    """A database, by file or connection string."""

    vendor: str
    where: str

    def store(self) -> Store:
        if self.vendor == "sqlite":
            return SqliteStore(self.where, default_bound=DEFAULT_BOUND)
        return PostgresStore(self.where, default_bound=DEFAULT_BOUND)

    def run(self, work: Callable[[Batcher, Store], Coroutine[Any, Any, T]]) -> T:
        """Run `work` with a batcher and a store of its own."""

        async def main() -> T:
            store = self.store()
            batcher = Batcher(store)
            try:
                result = await work(batcher, store)
                await batcher.drain()
                return result
            finally:
                await store.close()

        return asyncio.run(main())


def flat(key: int, wallet: int, amount: int, *limits: Limit, worker: int = 0) -> Reserve:
    """Return a reserve of exactly `amount`."""
    return Reserve(key, wallet, 0, amount, 0, model_limit=1000, limits=limits, worker=worker, model="m", api_key="k")


def paid(key: int, wallet: int, charge: int, **record: Any) -> Settle:
    """Return a settlement with a row."""
    return Settle(key, wallet, charge, Record(**{"model": "m", "api_key": "k", **record}))
