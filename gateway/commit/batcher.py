"""The group commit without a timer: whoever comes while a commit is in flight shares the next one."""

import asyncio
import logging
import random
import time
from collections import deque

from common import timers
from gateway.commit.batch import Batch, ReserveWaiter, SettleWaiter, Waiter, fail, put_back, take
from gateway.commit.lockout import Lockout
from gateway.commit.orders import (
    Conflict,
    Hold,
    Locked,
    Outcome,
    Refused,
    Reserve,
    Settle,
    Settled,
    Store,
    StoreDown,
)

CAP = 500
TRIES = 5
# A batch closes after so many turns of the loop that brought nobody new: whoever's request has just been read joins it.
# A commit costs as much as several calls, so larger ones are worth the turns; those of an idle loop take 10 µs
TURNS, MOST_TURNS = 4, 40
HOLD_S = 10.0  # a caller waits for a hold, unless it says otherwise
PAUSE_S = 0.2  # before a store that was out of reach is asked again
MOST_NOTES = 10_000  # log rows that wait for a store; beyond that the oldest are dropped, since memory is finite

logger = logging.getLogger(__name__)


class Batcher:
    """Shares durable commits among the callers of one event loop.

    `reserve` and `settle` return after the commit and never before (strict settling): a caller who withholds the last
    byte until then has delivered nothing that a crash could forget.
    """

    def __init__(self, store: Store, *, cap: int = CAP, patience_s: float = 10.0) -> None:
        """Commit through `store`, up to `cap` orders at once; callers of settlements are told after `patience_s`."""
        self._store = store
        self._cap = cap
        self._patience_s = patience_s
        self._settles: deque[SettleWaiter] = deque()
        self._reserves: deque[ReserveWaiter] = deque()
        self._notes: deque[SettleWaiter] = deque()
        self._seen: dict[int, int] = {}
        self._lockout = Lockout(store, commit=self._commit, outlast=self._outlast, give_up=self._give_up)
        self._flushing: asyncio.Task[None] | None = None
        self._dropped = 0
        self.version = 0
        self.commits = 0
        self.orders = 0

    async def reserve(self, order: Reserve, *, within: float = HOLD_S) -> Hold | Refused:
        """Return the committed hold or the refusal; if the caller is cancelled, a committed hold is released.

        Raises StoreDown if the database is out of reach, or does not answer within so many seconds.
        """
        waiter: ReserveWaiter = Waiter(order, asyncio.get_running_loop().create_future())
        patience = timers.of(within)
        late = patience.start(waiter.expire)
        self._reserves.append(waiter)
        self._kick()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            # the result may have arrived between the commit and this caller's turn to run
            if waiter.future.done() and not waiter.future.cancelled() and not waiter.future.exception():
                self._give_back(waiter.future.result())
            raise
        finally:
            patience.stop(late)

    async def settle(self, order: Settle) -> Settled:
        """Return what was booked, durably; a cancelled caller does not cancel the settlement.

        Raises StoreDown if the database did not take it in time. The order stays queued then and is booked, once, when
        the database is back; if this process ends before, a sweeper settles the hold.
        """
        # no shield: only the future is cancelled with its caller, and the queue does not look at it
        return await self._enqueue(order).future

    def release(self, hold_id: int, wallet: int) -> None:
        """Give a hold back without a charge or a log row, without waiting."""
        self._enqueue(Settle(hold_id, wallet, charge=0, record=None))

    def note(self, order: Settle) -> None:
        """Write the log row of a call that has no hold, without waiting; what fails is logged."""
        if order.held:
            raise ValueError("a note has no hold")
        if len(self._notes) >= MOST_NOTES:
            self._notes.popleft().future.cancel()
            self._dropped += 1
            if self._dropped % 1000 == 1:
                logger.error("Log rows dropped, the database takes none: %d so far", self._dropped)
        self._notes.append(Waiter(order, asyncio.get_running_loop().create_future()))
        self._kick()

    def save_seen(self, hold_id: int, tokens: int) -> None:
        """Remember, with the next commit and without waiting, how many output tokens a stream has shown so far."""
        self._seen[hold_id] = tokens
        self._kick()

    async def drain(self) -> None:
        """Return when nothing is queued or in flight; while the database is out of reach that is never."""
        while self._flushing is not None:
            await self._flushing

    def _enqueue(self, order: Settle) -> SettleWaiter:
        until = time.monotonic() + self._patience_s
        waiter: SettleWaiter = Waiter(order, asyncio.get_running_loop().create_future(), until)
        self._settles.append(waiter)
        self._kick()
        return waiter

    def _give_back(self, result: Hold | Refused) -> None:
        if isinstance(result, Hold):
            self.release(result.id, result.wallet)

    def _kick(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            while self._settles or self._reserves or self._notes or self._seen:
                await self._gather()
                if batch := self._next():
                    await self._lockout.serve(batch)
                if self._seen:
                    await self._save_seen()
        finally:
            self._flushing = None

    async def _gather(self) -> None:
        """Return when nobody has joined for so many turns, or a batch is full."""
        quiet, waiting = 0, len(self._settles) + len(self._reserves)
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            joined = len(self._settles) + len(self._reserves)
            quiet = quiet + 1 if joined == waiting else 0
            if quiet == TURNS or joined >= self._cap:
                return
            waiting = joined

    def _next(self) -> Batch:
        settles = take(self._settles, self._cap)
        reserves = [w for w in take(self._reserves, self._cap - len(settles)) if not w.future.done()]
        notes = take(self._notes, self._cap - len(settles) - len(reserves))
        return Batch(settles + notes, reserves)

    async def _save_seen(self) -> None:
        seen, self._seen = self._seen, {}
        try:
            await self._store.save_seen(seen)
        except Exception:
            # a stream says it again in seconds, and without it the sweeper charges less, never more
            logger.warning("Progress of streams not saved", exc_info=True)

    async def _commit(self, batch: Batch) -> None:
        try:
            outcome = await self._attempt(batch)
        except Locked as error:
            await self._lockout.pass_over(batch, error)
        except StoreDown as error:
            await self._outlast(batch, error)
        except Exception as error:
            if len(batch) == 1:
                fail([*batch.settles, *batch.reserves], error)
                return
            logger.warning("Batch refused, replaying its rows one by one", exc_info=True)
            for row in batch.by_row():
                await self._commit(row)
        else:
            await self._deliver(batch, outcome)

    async def _attempt(self, batch: Batch) -> Outcome:
        settles, reserves = [w.order for w in batch.settles], [w.order for w in batch.reserves]
        for attempt in range(TRIES - 1):
            try:
                return await self._store.commit(settles, reserves)
            except Conflict:
                await asyncio.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 (a pause, not a secret)
        try:
            return await self._store.commit(settles, reserves)
        except Conflict as error:
            if len(batch) > 1:
                raise
            raise Locked from error  # nothing is committed: a settlement stays queued

    async def _deliver(self, batch: Batch, outcome: Outcome) -> None:
        self.version = outcome.version
        self.commits += 1
        self.orders += len(batch)
        for settle, settled in zip(batch.settles, outcome.settled, strict=True):
            if settle.in_doubt and not settled.first and settle.order.record:
                await self._recall(settle, settled)
            elif not settle.future.done():
                settle.future.set_result(settled)
        for reserve, result in zip(batch.reserves, outcome.reserved, strict=True):
            if reserve.future.done():
                self._give_back(result)
            else:
                reserve.future.set_result(result)

    async def _recall(self, waiter: SettleWaiter, settled: Settled) -> None:
        """Tell a settlement that was committed by an earlier try from one whose hold somebody else has closed."""
        try:
            booked = await self._store.recall(waiter.order)
        except StoreDown:
            put_back(self._settles, [waiter])
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller must hear of it)
            waiter.fail(error)
        else:
            if not waiter.future.done():
                waiter.future.set_result(booked or settled)

    def _give_up(self, batch: Batch, error: Locked) -> None:
        """Refuse the reserves of locked wallets at once, and queue their settlements again."""
        fail([*batch.reserves, *batch.late()], error)
        self._requeue(batch)

    async def _outlast(self, batch: Batch, error: StoreDown) -> None:
        """Fail the reserves, whose holds may be committed, and release them; queue the settlements again."""
        fail([*batch.reserves, *batch.late()], error)
        for reserve in batch.reserves:
            self.release(reserve.order.id, reserve.order.wallet)
        for settle in batch.settles:
            settle.in_doubt = True
        self._requeue(batch)
        await asyncio.sleep(PAUSE_S)

    def _requeue(self, batch: Batch) -> None:
        put_back(self._settles, (waiter for waiter in batch.settles if waiter.order.held))
        put_back(self._notes, (waiter for waiter in batch.settles if not waiter.order.held))
