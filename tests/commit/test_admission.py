"""Who gets a hold, and for how much output."""

import pytest

from gateway.commit.orders import Hold, Limit, Refused, Reserve
from tests.commit.rig import USD, admitted, assert_books_balance, commit, fund, money
from tests.commit.targets import flat, paid
from wallet.models import Budget
from wallet.models import Hold as HoldRow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.req("M3")
def test_a_refused_reserve_does_not_refuse_the_next():
    (wallet,) = fund(100)
    first, second = commit(reserves=[flat(1, wallet, 150), flat(2, wallet, 50)]).reserved
    assert first == Refused(needed=150, free=100, held=0)
    assert second == Hold(2, wallet, 50, 1000)
    assert money(wallet) == (50, 50, 0)
    assert_books_balance()


def test_settlements_of_a_batch_come_before_its_reserves():
    (wallet,) = fund(100)
    commit(reserves=[flat(1, wallet, 100)])
    outcome = commit([paid(1, wallet, 10)], [flat(2, wallet, 90)])
    assert isinstance(outcome.reserved[0], Hold)
    assert_books_balance()


BOUNDS = [  # free balance, prompt, the client's maximum, the model's limit; the bound, None: refused
    (10 * USD, 0, None, 100_000, 100_000),  # the model's limit costs a tenth of the free balance: $1
    (10 * USD - 1, 0, None, 100_000, 16_384),  # one nano-USD short of that
    (USD, 0, 50_000, 100_000, 50_000),  # the client's own maximum
    (USD, 0, 500_000, 100_000, 100_000),  # clamped to the model's limit
    (USD, 0, 2**63, 100_000, 100_000),  # however large
    (USD // 10, 0, 50_000, 100_000, None),  # never shrunk: refused
    (USD // 10, 1_000, None, 100_000, 9_999),  # what can be paid beside the prompt
    (2_561_000, 1_000, None, 100_000, 256),  # the least
    (2_560_999, 1_000, None, 100_000, None),  # one nano-USD short of the least
    (1_001_000, 1_000, None, 100, 100),  # a model whose limit is below the least
    (0, 1_000, None, 100, None),  # nothing at all
]


def test_the_commit_picks_the_bound():
    wallets = fund(*(case[0] for case in BOUNDS))
    orders = [
        Reserve(number, wallet, 10, prompt, 10 * USD, limit, client_max)
        for number, (wallet, (_, prompt, client_max, limit, _)) in enumerate(zip(wallets, BOUNDS, strict=True))
    ]
    results = commit(reserves=orders).reserved
    bounds = [result.bound if isinstance(result, Hold) else None for result in results]
    assert bounds == [case[-1] for case in BOUNDS]
    assert_books_balance()


def test_the_credit_limit_can_be_held():
    (wallet,) = fund(10, credit_limit=20)
    assert not admitted(flat(1, wallet, 31))
    assert admitted(flat(2, wallet, 30))
    assert money(wallet) == (-20, 30, 0)
    assert_books_balance()


def test_a_free_model_keeps_its_limit_on_an_empty_wallet():
    (wallet,) = fund(0)
    assert commit(reserves=[Reserve(1, wallet, 0, 0, 0, 8192)]).reserved == [Hold(1, wallet, 0, 8192)]


def test_an_account_that_is_gone_reads_as_an_empty_wallet():
    limit = Limit("key", 1, 0, 100)
    assert commit(reserves=[flat(1, 999_999, 0, limit)]).reserved == [Refused(0, 0, 0)]
    assert not Budget.objects.exists()
    assert not HoldRow.objects.exists()


def test_a_hold_keeps_all_that_a_row_needs():
    (wallet,) = fund(USD)
    order = Reserve(
        7, wallet, 12, 5, 3, 1000, 10, (Limit("key", 4, 60, USD),),
        "gpt", "prod", "main", 3, stream=True, kind="task", source="playground", price_id=88, price_source="fallback",
    )  # fmt: skip
    commit(reserves=[order])
    row = dict(HoldRow.objects.values().get())
    assert row.pop("budgets") == str(Budget.objects.get().pk)
    assert row == {
        "id": 7, "wallet_id": wallet, "kind": "task", "amount": 6, "bound": 10, "prompt_tokens": 12,
        "prompt_cost": 5, "output_rate": 3, "seen_tokens": 0, "model": "gpt", "api_key": "prod", "channel": "main",
        "stream": True, "source": "playground", "price_id": 88, "price_source": "fallback", "worker": 3,
    }  # fmt: skip


def test_long_names_are_cut_and_what_no_column_holds_is_dropped():
    (wallet,) = fund(USD)
    commit(reserves=[Reserve(1, wallet, 0, 1, 0, 10, model="é\0\ud800" * 300, api_key="k" * 999)])
    row = HoldRow.objects.get()
    assert row.model.startswith("é?é")
    assert len(row.model) <= 200
    assert len(row.api_key) == 64
