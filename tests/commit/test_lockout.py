"""What becomes of a batch in which a wallet is locked elsewhere. No database."""

import asyncio

import pytest

from gateway.commit import batcher as batching
from gateway.commit.batcher import Batcher
from gateway.commit.orders import Hold, Locked, Settled, StoreDown
from tests.commit.stands import Paper
from tests.commit.test_batcher import reserve, settle


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(batching, "PAUSE_S", 0.001)


def test_a_locked_wallet_holds_up_nobody_else():
    locked = 3

    def refuse(settles, reserves):
        nonlocal locked
        if locked and any(order.wallet == 2 for order in (*settles, *reserves)):
            locked -= 1
            raise Locked

    store = Paper(refuse)

    async def main():
        shared = Batcher(store)
        orders = [shared.reserve(reserve(1, 2)), shared.reserve(reserve(2, 1)), shared.reserve(reserve(3, 2))]
        settles = [shared.settle(settle(4, 2)), shared.settle(settle(5, 3)), shared.settle(settle(6, 2))]
        return await asyncio.gather(*orders, *settles, return_exceptions=True)

    one, two, three, *settled = asyncio.run(main())
    assert isinstance(one, Locked)
    assert isinstance(two, Hold)
    assert isinstance(three, Locked)
    assert all(isinstance(result, Settled) for result in settled)
    assert store.batches[-1] == ([4, 6], [])
    assert sorted(len(settles) + len(reserves) for settles, reserves in store.batches) == [1, 1, 2]


def test_orders_of_a_wallet_that_is_known_to_be_locked_come_last_and_only_once_it_is_free():
    def refuse(settles, reserves):
        if any(order.wallet in store.locked for order in (*settles, *reserves)):
            raise Locked

    store = Paper(refuse)

    async def main():
        store.locked = {2}
        shared = Batcher(store)
        first = await asyncio.gather(*(shared.reserve(reserve(n, n)) for n in (1, 2, 3)), return_exceptions=True)
        waiting = asyncio.create_task(shared.settle(settle(4, 2)))
        second = await asyncio.gather(*(shared.reserve(reserve(n + 10, n)) for n in (2, 1)), return_exceptions=True)
        assert not waiting.done()
        store.locked = set()
        return [*first, *second, await waiting, await shared.reserve(reserve(20, 2))]

    kinds = [type(result) for result in asyncio.run(main())]
    assert kinds == [Hold, Locked, Hold, Locked, Hold, Settled, Hold]
    assert store.batches == [([], [1, 3]), ([], [11]), ([4], []), ([], [20])]


def test_a_store_that_goes_down_at_a_look_keeps_the_settlements():
    class Blind(Paper):
        looks = 0

        async def free(self, wallets: set[int]) -> set[int]:
            self.looks += 1
            if self.looks == 1:
                raise StoreDown
            return wallets

    refusals = [Locked()]

    def refuse(_settles, _reserves):
        if refusals:
            raise refusals.pop()

    async def main():
        shared = Batcher(Blind(refuse))
        orders = [shared.reserve(reserve(1, 1)), shared.settle(settle(2, 2)), shared.settle(settle(3, 3))]
        return await asyncio.gather(*orders, return_exceptions=True)

    assert [type(result) for result in asyncio.run(main())] == [StoreDown, Settled, Settled]
