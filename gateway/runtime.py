"""What a server process keeps while it lives: one for its event loop, started and stopped with it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, Self
from weakref import WeakSet

from django.conf import settings
from django.db.utils import Error as DatabaseError

from common import version
from gateway import keyring, relay, snapshot, workforce
from gateway.commit import open_store
from gateway.commit.batcher import Batcher
from gateway.commit.mint import Mint
from gateway.commit.orders import Store
from gateway.keyring import Caller, Keyring
from gateway.snapshot import Snapshot
from gateway.threads import Threads
from gateway.workforce import Membership
from privacy import services as privacy

logger = logging.getLogger(__name__)
POLL_S = 0.5
LOOKS = 4  # polls after a change at which streams are looked at: a call may be past its key and not yet a stream
DRAIN_S = 30.0


class OpenStream(Protocol):
    """An answer under way, as the registry sees it."""

    @property
    def key_id(self) -> int:
        """Return the key that pays."""
        ...

    @property
    def seen_tokens(self) -> int:
        """Return the output tokens that the client has been given so far."""
        ...

    def cut(self) -> None:
        """End the stream: its key opens nothing any more."""
        ...


class Addressed(Protocol):
    """A call under way that is to be logged with an address, as the registry sees it."""

    address: str | None

    @property
    def known_caller(self) -> Caller:
        """Return who calls."""
        ...


class Runtime:
    """The commit, the ids, the keys, the channels and the open streams of one process."""

    def __init__(self, store: Store, membership: Membership, threads: Threads) -> None:
        """Join the parts; `start` is what makes them."""
        self._store = store
        self._membership = membership
        self._threads = threads
        self._tasks: list[asyncio.Task[None]] = []
        self._moved = asyncio.Event()
        self._looks = 0
        self.worker = membership.number
        self.mint = Mint(membership.number)
        self.batcher = Batcher(store)
        self.keyring = Keyring(threads)
        self.snapshot = Snapshot()
        self.streams: dict[int, OpenStream] = {}  # by hold
        self.calls: set[asyncio.Task[Any]] = set()
        self.addressed: WeakSet[Addressed] = WeakSet()  # open calls that are to be logged with an address

    @classmethod
    async def start(cls) -> Self:
        """Return a running one. Raises what the database raises where it is out of reach."""
        threads = Threads()
        runtime = cls(open_store(), await threads.run(workforce.enlist), threads)
        try:
            await runtime.refresh()
        except BaseException:
            await runtime.stop()
            raise
        runtime._tasks = [
            asyncio.create_task(_repeat(runtime.refresh, runtime._next_poll)),
            asyncio.create_task(_repeat(runtime.beat, runtime._next_beat)),
        ]
        return runtime

    async def stop(self) -> None:
        """Let open calls end, settle all of them, and give everything back."""
        if self.calls:
            _, late = await asyncio.wait(self.calls, timeout=DRAIN_S)
            for call in late:
                call.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):  # without a database that would be for ever; a sweeper has the holds
            await asyncio.wait_for(self.batcher.drain(), DRAIN_S)
        await relay.close()
        await self._store.close()
        with contextlib.suppress(DatabaseError):  # its number is free after a silence in any case
            await self._threads.run(self._membership.leave)
        self._threads.close()

    def observe(self) -> None:
        """Drop what is cached if a commit has told of a newer version; called on the way of every call."""
        if self.batcher.version > self.keyring.version:
            self.keyring.forget(self.batcher.version)
            self._moved.set()

    async def refresh(self) -> None:
        """Read keys, channels and prices again if the version has moved, and cut the streams of dead keys."""
        number = max(await self._threads.run(version.current), self.batcher.version)
        self.keyring.forget(number)
        if number > self.snapshot.version:
            self.snapshot = await self._threads.run(snapshot.load)
            self._looks = LOOKS
        if self._looks:
            self._looks -= 1
            await self._cut_dead_streams()
            await self._drop_addresses()

    async def _cut_dead_streams(self) -> None:
        paying = {stream.key_id for stream in self.streams.values()}
        dead = paying - await self._threads.run(keyring.live, paying) if paying else paying
        for stream in list(self.streams.values()):
            if stream.key_id in dead:
                stream.cut()

    async def _drop_addresses(self) -> None:
        """Log no address of a call under way whose owner, or the operator, has stopped recording meanwhile."""
        owners = {call.known_caller.user_id for call in self.addressed}
        recording = await self._threads.run(privacy.recording, owners) if owners else owners
        for call in list(self.addressed):
            if call.known_caller.user_id not in recording:
                call.address = None

    async def beat(self) -> None:
        """Say that this process lives, how far its streams are, and which keys were used."""
        await self._threads.run(self._membership.beat)
        if self._membership.number != self.worker:  # it was silent for so long that its number went to another
            self.worker = self._membership.number
            self.mint = Mint(self.worker)
        for hold, stream in self.streams.items():
            self.batcher.save_seen(hold, stream.seen_tokens)
        used, self.keyring.used = self.keyring.used, set()
        if used:
            await self._threads.run(keyring.touch, used)

    async def _next_poll(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._moved.wait()
        except TimeoutError:
            return
        self._moved.clear()

    async def _next_beat(self) -> None:
        await asyncio.sleep(settings.BEAT)


async def _repeat(verb: Callable[[], Awaitable[None]], pause: Callable[[], Awaitable[None]]) -> None:
    while True:
        await pause()
        try:
            await verb()
        except Exception as error:  # noqa: BLE001 (the database may be gone for a while; the loop outlives it)
            logger.warning("The gate could not %s: %s", verb.__name__, type(error).__name__)
