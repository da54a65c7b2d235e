"""A cap a month, and callers of many processes that meet at it."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from gateway.commit.orders import Limit
from tests.commit.rig import assert_books_balance, fund, here, money
from tests.races.spender import fill
from tests.scale import scaled
from usage.models import CallLog
from wallet.models import Budget

pytestmark = pytest.mark.django_db(transaction=True)
SPAWN = multiprocessing.get_context("spawn")  # a process as a server's: nothing inherited


@pytest.mark.req("M1", "M9")
def test_of_three_processes_of_callers_exactly_as_many_pass_as_the_cap_fits():
    fits = scaled(600, least=90)
    (wallet,) = fund(10**9)
    cap = Limit("cap", wallet, 1_793_491_200, fits * 100 + 99)
    with ProcessPoolExecutor(3, mp_context=SPAWN) as pool:
        runs = [pool.submit(fill, here(), worker, wallet, (cap,)) for worker in (1, 2, 3)]
        assert sum(run.result() for run in runs) == fits
    budget = Budget.objects.get(kind="cap")
    assert (budget.spent, budget.held, budget.limit - budget.spent) == (fits * 100, 0, 99)
    assert money(wallet) == (10**9 - fits * 100, 0, 0)
    assert CallLog.objects.filter(price_source="fallback").count() == fits
    assert_books_balance()
