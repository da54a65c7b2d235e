"""A server process under load, to be killed: it reports each call only after its settlement returned."""

import asyncio
from pathlib import Path

from gateway.commit.batcher import Batcher
from gateway.commit.mint import Mint
from gateway.commit.orders import Refused, Store
from tests.commit.targets import Target, flat, paid


def deliver(target: Target, worker: int, wallets: list[int], path: Path) -> None:
    """Make calls for ever, appending the id of each that is delivered to the file."""

    async def work(batcher: Batcher, _: Store) -> None:
        mint = Mint(worker)
        with path.open("ab", buffering=0) as report:

            async def call(n: int) -> None:
                while True:
                    order = flat(mint.next(), wallets[n % len(wallets)], 100 + n, worker=worker)
                    hold = await batcher.reserve(order)
                    if isinstance(hold, Refused):
                        raise TypeError("the wallets of this test must not run dry")
                    batcher.save_seen(hold.id, n)
                    await asyncio.sleep(0.001 * (n % 8))  # the upstream: some calls are open at any moment
                    await batcher.settle(paid(hold.id, hold.wallet, 50 + n))
                    report.write(b"%d\n" % hold.id)

            await asyncio.gather(*(call(n) for n in range(32)))

    target.run(work)
