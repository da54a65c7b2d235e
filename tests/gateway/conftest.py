"""A wallet, a key and an upstream for the gate; after every test the books must add up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from common import version
from common.money import NANO
from gateway import keys
from gateway.health import health
from gateway.models import ApiKey, Channel, Route
from pricing.models import Price
from tests.gateway.client import Gate, gate
from tests.peers.upstream import Upstream
from usage.models import CallLog
from wallet import ledger, verify

MODELS = [
    "ok",
    "no-usage",
    "usage-null",
    "usage-only-null",
    "usage-running",
    "usage-negative",
    "usage-huge",
    "usage-zero",
    "usage-text",
    "html",
    "broken",
    "array",
    "empty",
    "no-done",
    "error-event",
    "cut",
    "cut-before",
    "cut-headers",
    "odd",
    "crlf",
    "comments",
    "endless",
    "cost:0.00123",
    "cost:-1",
    "cost:900",
    "cost:0.5",
    "slow:0.3",
    "drip:0.05",
    "drip:0.1",
    "drip:0.2",
    "gap:1",
    "gap:30",
    "big:40",
    "status:400",
    "status:401",
    "status:404",
    "status:413",
    "status:422",
    "status:429:7",
    "status:500",
    "bound-400",
    "redirect",
    "deaf",
    "gzip",
]


@pytest.fixture(autouse=True)
def _open_loopback(settings) -> Iterator[None]:
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8")]
    health.clear()
    yield
    health.clear()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@dataclass
class House:
    """What a test of the gate stands on."""

    user: User
    key: ApiKey
    secret: str
    channel: Channel
    upstream: Upstream

    def run(self, work: Callable[[Gate], Awaitable[Any]]) -> Any:
        """Return what `work` returns, given a running gate."""

        async def main() -> Any:
            async with gate(self.secret) as running:
                return await work(running)

        return asyncio.run(main())

    def rows(self) -> list[CallLog]:
        return list(CallLog.objects.filter(user=self.user).order_by("id"))

    def row(self) -> CallLog:
        (only,) = self.rows()
        return only

    def free(self) -> int:
        return ledger.balance(self.user.pk).free

    def spent(self) -> int:
        return 100 * NANO - self.free()

    def serve(self, *models: str, price: bool = True, channel: Channel | None = None, **rates: Any) -> None:
        """Route models to the upstream, by default at $1 in and $2 out per million."""
        with transaction.atomic():
            Route.objects.bulk_create(Route(channel=channel or self.channel, model=model) for model in models)
            if price:
                Price.objects.bulk_create(priced(model, **rates) for model in models)
            version.bump()


def priced(model: str, **rates: Any) -> Price:
    values = {"input": 1 * NANO, "output": 2 * NANO, "context": 128_000, "max_output": 4096, **rates}
    return Price(model=model, **values)


@pytest.fixture
def house(transactional_db, user: User, upstream: Upstream) -> Iterator[House]:
    """An account with $100, a key, and a channel that serves every behavior of the upstream at a price."""
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 100 * NANO, reference="start")
    key, secret = keys.mint(user, "laptop")
    channel = Channel.objects.create(name="main", base_url=upstream.url)
    made = House(user, key, secret, channel, upstream)
    made.serve(*MODELS)
    yield made
    assert verify.check() == []
    assert ledger.balance(user.pk).held == 0
