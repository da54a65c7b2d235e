"""Wallets that somebody else's transaction keeps locked: nobody but their own callers waits for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.commit.batch import Batch
from gateway.commit.orders import Locked, Store, StoreDown

# seconds between looks at locked wallets: another worker's commit lets go of a busy one in between, a person's
# transaction does not
LOOKS = (0.0, 0.02, 0.02, 0.03, 0.03)

logger = logging.getLogger(__name__)


class Lockout:
    """Remembers the wallets that a commit has waited for in vain, until one finds them free.

    Their orders stay out of the batches of others: a batch with one would wait for it again, and everybody with it.
    """

    def __init__(
        self,
        store: Store,
        *,
        commit: Callable[[Batch], Awaitable[None]],
        outlast: Callable[[Batch, StoreDown], Awaitable[None]],
        give_up: Callable[[Batch, Locked], None],
    ) -> None:
        """Look at the wallets of `store`; what to do with orders are verbs of the batcher."""
        self._store = store
        self._commit, self._outlast, self._give_up = commit, outlast, give_up
        self._wallets: set[int] = set()

    async def serve(self, batch: Batch) -> None:
        """Commit a batch, the orders of locked wallets last."""
        free, locked = batch.split(self._wallets) if self._wallets else (batch, None)
        if free:
            await self._commit(free)
        if locked:
            await self._wait_for(locked)

    async def pass_over(self, batch: Batch, error: Locked) -> None:
        """Commit what a batch holds besides locked wallets, at once; their turn comes when they are free."""
        if len(wallets := batch.wallets()) == 1:
            self._wallets |= wallets
            self._give_up(batch, error)
            return
        logger.warning("A wallet is locked elsewhere, committing the others")
        try:
            free, locked = await self._look(batch)
        except StoreDown as down:
            await self._outlast(batch, down)
            return
        if not locked:  # it was let go of, or what is locked is no wallet
            for part in batch.by_wallet():
                await self._commit(part)
            return
        if free:
            await self._commit(free)
        await self._wait_for(locked)

    async def _wait_for(self, batch: Batch) -> None:
        """Commit what is free within a moment, give up the rest."""
        try:
            for pause in LOOKS:
                await asyncio.sleep(pause)
                free, batch = await self._look(batch)
                if free:
                    await self._commit(free)
                if not batch:
                    return
        except StoreDown as down:
            await self._outlast(batch, down)
        else:
            self._give_up(batch, Locked())

    async def _look(self, batch: Batch) -> tuple[Batch, Batch]:
        """Return the orders of a batch whose wallets are free now, and the others. Raises StoreDown."""
        wallets = batch.wallets()
        locked = wallets - await self._store.free(wallets)
        self._wallets = self._wallets - wallets | locked
        return batch.split(locked)
