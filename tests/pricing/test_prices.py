"""Setting prices: a row supersedes a row, and what cannot be a price is refused by name."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from pricing import prices
from pricing.models import Price
from pricing.services import live_rates

USD = 10**9


def rows(model: str = "m") -> list[tuple[str, int, bool]]:
    """Return (channel, input, live) of every row of a model, oldest first."""
    found = Price.objects.filter(model=model).order_by("pk")
    return [(row.channel, row.input, row.superseded_at is None) for row in found]


def test_a_new_price_supersedes_the_old_row_and_tells_the_workers(moved):
    first = prices.set_price("m", input=USD, output=2 * USD)
    second = prices.set_price("m", input=3 * USD, output=2 * USD)
    assert rows() == [("", USD, False), ("", 3 * USD, True)]
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert second.created_at >= first.created_at
    assert (first.input, second.source) == (USD, "operator")
    assert moved()


def test_the_same_price_again_makes_no_row(db):
    first = prices.set_price("m", input=USD, output=2 * USD, tiers=[{"above": 10, "input": 5}])
    assert prices.set_price("m", input=USD, output=2 * USD, tiers=[{"above": 10, "input": 5}]) == first
    assert len(rows()) == 1


def test_a_channel_has_its_own_price_beside_the_general_one(db):
    prices.set_price("m", input=USD, output=USD)
    prices.set_price("m", "cheap", input=1, output=1)
    prices.set_price("m", "cheap", input=2, output=1)
    assert rows() == [("", USD, True), ("cheap", 1, False), ("cheap", 2, True)]


def test_every_term_is_stored(db):
    terms = {name: number for number, name in enumerate(prices.RATES, start=1)}
    tiers = [{"above": 200, "input": 9}, {"above": 100, "output": 8}]
    row = prices.set_price("m", "c", **terms, tiers=tiers, context=1000, max_output=100)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in terms} == terms
    assert row.tiers == [{"above": 100, "output": 8}, {"above": 200, "input": 9}]
    assert (row.context, row.max_output) == (1000, 100)


def test_limits_that_are_not_given_stay_as_they_are_known(db):
    prices.set_price("m", input=USD, output=USD, context=8000, max_output=800)
    assert prices.set_price("m", input=2, output=2).context == 8000
    on_channel = prices.set_price("m", "c", input=2, output=2, max_output=50)
    assert (on_channel.context, on_channel.max_output) == (8000, 50)
    assert prices.set_free("m").max_output == 800


def test_a_model_is_free_only_when_somebody_says_so(db):
    free = prices.set_free("m")
    assert (free.state, free.input, free.output) == ("free", 0, 0)
    with pytest.raises(prices.ZeroPrice, match="free"):
        prices.set_price("n", input=0, output=0)
    assert rows("n") == []


def test_a_free_model_can_be_priced_again(db):
    prices.set_free("m")
    assert prices.set_price("m", input=1, output=1).state == "priced"
    assert [live for _, _, live in rows()] == [False, True]


def test_a_price_of_one_call_alone_is_a_price(db):
    prices.set_price("m", input=0, output=0, per_call=USD)
    assert live_rates(["m"])["m", ""].per_call == USD


def test_retiring_leaves_the_history_and_no_price(moved):
    prices.set_price("m", input=1, output=1)
    moved()
    prices.retire("m")
    assert rows() == [("", 1, False)]
    assert moved()


def test_retiring_what_has_no_price_says_so(db):
    prices.set_price("m", input=1, output=1)
    with pytest.raises(prices.NoPrice, match="m has no price on c"):
        prices.retire("m", "c")
    with pytest.raises(prices.NoPrice, match=r"n has no price$"):
        prices.retire("n")


@pytest.mark.req("M4")
@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"input": -1}, prices.NegativeRate),
        ({"cached_input": -1}, prices.NegativeRate),
        ({"per_image": -1}, prices.NegativeRate),
        ({"output": 2**63}, prices.RateTooLarge),
        ({"reasoning": 10**15 + 1}, prices.RateTooLarge),
        ({"input": True}, prices.InvalidPrice),
        ({"input": 1.5}, prices.InvalidPrice),
        ({"output": float("nan")}, prices.InvalidPrice),
        ({"output": "3"}, prices.InvalidPrice),
        ({"tiers": [{"input": 1}]}, prices.InvalidTier),
        ({"tiers": [{"above": 0, "input": 1}]}, prices.InvalidTier),
        ({"tiers": [{"above": True, "input": 1}]}, prices.InvalidTier),
        ({"tiers": [{"above": 10, "audio": 1}]}, prices.InvalidTier),
        ({"tiers": ["above 10"]}, prices.InvalidTier),
        ({"tiers": [{"above": 10, "input": -1}]}, prices.NegativeRate),
        ({"context": 0}, prices.InvalidLimit),
        ({"max_output": 2**31}, prices.InvalidLimit),
    ],
)
def test_what_cannot_be_a_price_is_refused(db, terms, refusal):
    with pytest.raises(refusal):
        prices.set_price("m", **{"input": 1, "output": 1} | terms)
    assert rows() == []


@pytest.mark.parametrize(
    ("model", "channel"),
    [("", ""), (" m", ""), ("m\n", ""), ("m\x00", ""), ("m" * 201, ""), ("m", "c" * 65), ("m", " c")],
)
def test_names_that_nobody_can_type_are_refused(db, model, channel):
    with pytest.raises(prices.InvalidName):
        prices.set_price(model, channel, input=1, output=1)
    with pytest.raises(prices.InvalidName):
        prices.set_free(model, channel)


def test_an_invalid_limit_of_a_free_model_is_refused(db):
    with pytest.raises(prices.InvalidLimit):
        prices.set_free("m", context=-1)


def test_the_dearest_price_is_stored(db):
    assert prices.set_price("m", input=prices.LARGEST_RATE, output=0).input == 10**15


@pytest.mark.parametrize("column", ["input", "cached_input", "per_second"])
def test_the_database_itself_refuses_a_negative_rate(db, column):
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(**{"model": "m", "input": 1, "output": 1} | {column: -1})


def test_the_database_itself_refuses_two_live_prices(db):
    prices.set_price("m", input=1, output=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(model="m", input=2, output=2)


@pytest.mark.django_db(transaction=True)
def test_operators_who_set_one_price_at_once_take_turns():
    failures: list[Exception] = []
    gate = threading.Barrier(8)

    def set_it(nano: int) -> None:
        try:
            gate.wait(5)
            prices.set_price("m", input=nano, output=nano)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=set_it, args=[nano]) for nano in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(rows()) == 8
    assert [live for _, _, live in rows()].count(True) == 1


def test_a_catalogue_brings_new_prices_and_replaces_its_own(moved):
    assert prices.offer([prices.draft("m", source="list 1", input=1, output=1)]) == 1
    assert prices.offer([prices.draft("m", source="list 2", input=1, output=1)]) == 0
    assert prices.offer([prices.draft("m", source="list 2", input=2, output=1)]) == 1
    assert rows() == [("", 1, False), ("", 2, True)]
    assert moved()


def test_a_catalogue_never_touches_what_an_operator_has_set(db):
    prices.set_price("set", input=5, output=5)
    prices.set_free("free")
    prices.set_price("retired", input=5, output=5)
    prices.retire("retired")
    offered = [prices.draft(model, source="list 1", input=1, output=1) for model in ("set", "free", "retired", "new")]
    assert prices.offer(offered) == 1
    assert rows("set") == [("", 5, True)]
    assert rows("free") == [("", 0, True)]
    assert rows("retired") == [("", 5, False)]
    assert rows("new") == [("", 1, True)]


def test_an_operator_who_confirms_a_catalogue_price_makes_it_theirs(db):
    prices.offer([prices.draft("m", source="list 1", input=1, output=1)])
    prices.set_price("m", input=1, output=1)
    assert prices.offer([prices.draft("m", source="list 1", input=9, output=9)]) == 0
    assert rows() == [("", 1, False), ("", 1, True)]


def test_a_price_on_one_channel_does_not_keep_the_catalogue_from_the_others(db):
    prices.set_price("m", "c", input=5, output=5)
    assert prices.offer([prices.draft("m", source="list 1", input=1, output=1)]) == 1
    assert rows() == [("c", 5, True), ("", 1, True)]
