"""What the server processes of a race do."""

import asyncio

from gateway.commit.batcher import Batcher
from gateway.commit.mint import Mint
from gateway.commit.orders import Hold, Limit, Record, Settle, Store
from tests.commit.targets import Target, flat, paid


def spend(target: Target, worker: int, wallets: list[int], *, callers: int = 64) -> int:
    """Reserve and settle 100 with concurrent callers until the wallets are empty; return the calls admitted."""

    async def work(batcher: Batcher, _: Store) -> int:
        mint = Mint(worker)

        async def call(order: list[int]) -> int:
            admitted = 0
            for wallet in order:
                while isinstance(hold := await batcher.reserve(flat(mint.next(), wallet, 100, worker=worker)), Hold):
                    await batcher.settle(paid(hold.id, wallet, 100, output_tokens=1))
                    admitted += 1
            return admitted

        turns = [wallets[n % len(wallets) :] + wallets[: n % len(wallets)] for n in range(callers)]
        return sum(await asyncio.gather(*map(call, turns)))

    return target.run(work)


def fill(target: Target, worker: int, wallet: int, limits: tuple[Limit, ...], *, callers: int = 32) -> int:
    """Reserve and settle 100 of what has no price by concurrent callers until a limit is full; return how often."""

    async def work(batcher: Batcher, _: Store) -> int:
        mint = Mint(worker)

        async def call() -> int:
            admitted = 0
            while isinstance(
                hold := await batcher.reserve(flat(mint.next(), wallet, 100, *limits, worker=worker)), Hold
            ):
                await batcher.settle(Settle(hold.id, wallet, 100, Record(price_source="fallback")))
                admitted += 1
            return admitted

        return sum(await asyncio.gather(*(call() for _ in range(callers))))

    return target.run(work)
