"""A server process dies without a word; a sweeper ends what it left open."""

import multiprocessing
import random
import time
from pathlib import Path

import pytest

from gateway import sweep
from gateway.models import Worker
from tests.chaos.deliverer import deliver
from tests.commit.rig import assert_books_balance, fund, here
from tests.scale import scaled
from usage.models import CallLog
from wallet.models import Hold, Wallet

SPAWN = multiprocessing.get_context("spawn")


@pytest.mark.req("M10")
@pytest.mark.django_db(transaction=True)
def test_kill_9_loses_no_delivered_call_and_the_sweep_ends_the_holds(tmp_path):
    wallets = fund(*[10**12] * 4)
    swept = 0
    for turn in range(scaled(20, least=2)):
        report = tmp_path / f"delivered{turn}"
        child = SPAWN.Process(target=deliver, args=(here(), turn, wallets, report))
        child.start()
        wait_for(child, report)
        time.sleep(random.uniform(0, 0.1))
        child.kill()
        child.join()
        assert_books_balance()
        delivered = {int(line) for line in report.read_text().split("\n")[:-1]}
        assert delivered <= set(CallLog.objects.values_list("pk", flat=True))
        left = Hold.objects.count()
        assert left <= 32
        assert sweep.settle_orphans(time.time()) == left
        swept += left
        assert set(Wallet.objects.values_list("held", flat=True)) == {0}
        assert_books_balance()
    assert swept > 0
    assert CallLog.objects.filter(estimated=True, status=sweep.INTERRUPTED).count() == swept
    assert not Worker.objects.exists()  # no number was leased in this test: all holds were orphans


def wait_for(child: multiprocessing.process.BaseProcess, report: Path) -> None:
    deadline = time.monotonic() + 60
    while not report.exists() or report.stat().st_size < 2000:
        assert child.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
