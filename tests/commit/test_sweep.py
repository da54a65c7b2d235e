"""Holds of dead workers are settled once, from what they say themselves."""

import asyncio
import json
import time

import pytest
from django.core.management import call_command
from django.db.models import F

from gateway import sweep, workforce
from gateway.commit.mint import Mint
from gateway.commit.orders import Limit, Reserve
from gateway.models import Worker
from tests.commit.rig import assert_books_balance, batched, commit, fund, here, money
from tests.commit.targets import flat, paid
from usage.models import CallLog, HourlyUsage
from wallet.models import Budget, Hold

pytestmark = pytest.mark.django_db(transaction=True)
DEAD, ALIVE = 7, 0


@pytest.fixture
def wallet() -> int:
    (key,) = fund(10**9)
    return key


def stream(key: int, wallet: int, **parts) -> Reserve:
    """Return a reserve of 1,000 for the prompt and 2,000 per output token, for up to 100 of them."""
    limits = (Limit("key", 1, 0, 10**9), Limit("tpm", wallet, 60, 10**6), Limit("parallel", wallet, 0, 9))
    return Reserve(key, wallet, 30, 1000, 2 * 10**9, 100, limits=limits, worker=DEAD, model="gpt", api_key="prod",
                   channel="main", **{"stream": True, "price_id": 5, "source": "playground", **parts})  # fmt: skip


def see(seen: dict[int, int]) -> None:
    async def main() -> None:
        store = here().store()
        await store.save_seen(seen)
        await store.close()

    asyncio.run(main())


def test_an_orphan_is_charged_for_its_prompt_and_what_was_seen(wallet):
    now = time.time()
    call = Mint(DEAD, clock=lambda: int(now * 1000) - 60_000).next()
    commit(reserves=[stream(call, wallet)])
    see({call: 12})
    see({call: 8})  # an older state that comes late
    assert sweep.settle_orphans(now) == 1
    assert money(wallet) == (10**9 - 1000 - 24_000, 0, 0)
    row = dict(CallLog.objects.values().get())
    assert row["latency_ms"] == pytest.approx(60_000, abs=2)
    expected = {
        "id": call, "user_id": wallet, "kind": "ok", "source": "playground", "model": "gpt", "api_key": "prod",
        "channel": "main", "stream": True, "status": 499, "input_tokens": 30, "output_tokens": 12, "charge": 25_000,
        "shortfall": 0, "price_id": 5, "price_source": "price", "estimated": True, "ttfb_ms": None, "address": None,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert set(Budget.objects.values_list("kind", "spent", "held")) == {
        ("key", 25_000, 0), ("tpm", 42, 0), ("parallel", 0, 0)
    }  # fmt: skip
    assert HourlyUsage.objects.get().calls == 1
    assert_books_balance()


def test_an_orphan_that_saved_nothing_is_charged_for_its_prompt(wallet):
    commit(reserves=[stream(1, wallet, stream=False)])
    assert sweep.settle_orphans(time.time()) == 1
    assert money(wallet) == (10**9 - 1000, 0, 0)


def test_an_orphan_is_charged_at_most_what_is_held(wallet):
    commit(reserves=[stream(1, wallet)])
    see({1: 10**12})
    assert sweep.settle_orphans(time.time()) == 1
    assert money(wallet) == (10**9 - 201_000, 0, 0)


def test_holds_of_the_living_and_tasks_are_left_alone(wallet):
    member = workforce.enlist()
    assert member.number == ALIVE
    commit(reserves=[flat(1, wallet, 10, worker=ALIVE), stream(2, wallet, kind="task"), stream(3, wallet)])
    assert sweep.settle_orphans(time.time()) == 1
    assert set(Hold.objects.values_list("pk", flat=True)) == {1, 2}
    Worker.objects.update(beat_at=F("beat_at") - workforce.silence() - 1)
    assert sweep.settle_orphans(time.time()) == 1
    assert set(Hold.objects.values_list("pk", flat=True)) == {2}
    assert_books_balance()


@pytest.mark.req("M8")
def test_a_worker_that_comes_back_finds_its_hold_closed(wallet):
    commit(reserves=[stream(1, wallet)])
    sweep.settle_orphans(time.time())
    settled = batched(lambda batcher, _: batcher.settle(paid(1, wallet, 50_000)))
    assert not settled.first
    assert money(wallet) == (10**9 - 1000, 0, 0)
    assert sweep.settle_orphans(time.time()) == 0
    assert CallLog.objects.count() == 1
    assert_books_balance()


def test_many_orphans_are_settled_in_few_commits(wallet):
    commit(reserves=[flat(n, wallet, 10, worker=DEAD) for n in range(1, 1201)])
    assert sweep.settle_orphans(time.time()) == 1200
    assert not Hold.objects.exists()
    assert_books_balance()


@pytest.fixture
def heart(monkeypatch):
    """Stand in for the heart of this process."""

    class Still:
        def __init__(self) -> None:
            self.membership = self
            self.steady = False

        def is_steady(self) -> bool:
            return self.steady

    still = Still()
    monkeypatch.setattr(sweep, "heart", lambda: still)
    return still


def test_nothing_is_swept_before_the_sweeper_has_beaten_for_a_silence(wallet, heart):
    commit(reserves=[stream(1, wallet)])
    assert sweep.sweep(time.time()) == 0
    assert Hold.objects.exists()
    heart.steady = True
    assert sweep.sweep(time.time()) == 1
    assert not Hold.objects.exists()


@pytest.fixture
def beating(settings):
    """Let this process beat fast, and stop when the test ends."""
    settings.BEAT = 0.05
    sweep.heart.cache_clear()
    yield
    sweep.heart().stop()
    sweep.heart.cache_clear()


def test_the_command_waits_for_signs_of_life_and_sweeps(wallet, beating, capsys):
    commit(reserves=[stream(1, wallet), stream(2, wallet)])
    call_command("calls", "sweep", "--json")
    assert json.loads(capsys.readouterr().out) == {"swept": 2}
    call_command("calls", "sweep")
    assert "Calls settled: 0." in capsys.readouterr().out
    assert_books_balance()
