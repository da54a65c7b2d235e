"""A quota warning: once for each crossing, whatever comes at the same time; and nobody waits for who is told."""

import asyncio
import threading

import pytest

from console import warnings
from gateway.commit.orders import Refused
from notifications import courier
from notifications.models import Delivery, Method, Threshold
from notifications.transports import TRANSPORTS
from notifications.transports.base import Answer
from notifications.transports.gotify import GotifyTarget
from tests.commit.rig import commit, fund, here
from tests.commit.targets import flat, paid
from tests.together import together
from wallet import ledger
from wallet.models import WalletEvent

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = 50
TARGET = GotifyTarget("https://gotify.example.com", "token-of-an-app")


def spend_at_once(wallet: int, first: int) -> None:
    """Make fifty calls that are held, answered and settled side by side."""

    async def work(batcher, _store) -> None:
        async def call(number: int) -> None:
            hold = await batcher.reserve(flat(number, wallet, 10))
            assert not isinstance(hold, Refused)
            await asyncio.sleep(0)
            await batcher.settle(paid(hold.id, hold.wallet, 10))

        await asyncio.gather(*(call(first + number) for number in range(CALLS)))

    here().run(work)


@pytest.mark.req("J10")
def test_fifty_calls_over_the_line_are_one_warning_by_each_method():
    (wallet,) = fund(1_000)
    Threshold.objects.create(user_id=wallet, amount=900, main=True)
    Method.objects.create(user_id=wallet, kind="gotify", enabled=True, target=TARGET.dump())
    Method.objects.create(user_id=wallet, kind="email", enabled=True, target="else@example.org")
    spend_at_once(wallet, 1)
    assert WalletEvent.objects.count() == 1
    assert sum(together(4, lambda _: warnings.expand())) == 1
    assert sorted(Delivery.objects.values_list("method", "event")) == [("email", "quota.low"), ("gotify", "quota.low")]
    ledger.credit(wallet, 450, reference="filled up")
    spend_at_once(wallet, 1_000)
    together(4, lambda _: warnings.expand())
    assert Delivery.objects.filter(method="gotify").count() == 2


def test_no_call_waits_for_a_receiver_that_does_not_answer(monkeypatch):
    (wallet,) = fund(10_000)
    Method.objects.create(user_id=wallet, kind="gotify", enabled=True, target=TARGET.dump())
    begun, go = threading.Event(), threading.Event()

    class Silent:
        """Begins an exchange, and leaves it open."""

        Target = GotifyTarget

        @staticmethod
        def send(_target: object, _message: object) -> Answer:
            begun.set()
            assert go.wait(30)
            return Answer(200, "", "")

    monkeypatch.setitem(TRANSPORTS, "gotify", Silent)
    Threshold.objects.create(user_id=wallet, amount=10_000, main=True)
    commit(reserves=[flat(1, wallet, 10)])
    commit([paid(1, wallet, 10)])
    warnings.expand()

    def deliver(number: int) -> int:
        if number:
            assert begun.wait(20)
            spend_at_once(wallet, 100)  # while the message hangs
            assert not go.is_set()
            go.set()
            return 0
        return courier.deliver_due()

    assert together(2, deliver) == [1, 0]
