"""Keys: found by digest, refused without a question where that is possible, and asked for once."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from common import secretkeys
from gateway import keyring, keys
from gateway.errors import InvalidApiKey, ServiceUnavailable
from gateway.keyring import Keyring
from gateway.threads import Threads
from tests.gateway.client import chat
from tests.gateway.conftest import House


class Counting(Threads):
    """Threads that count what they are asked."""

    asked = 0

    def run(self, verb: Callable[..., Any], *arguments: object) -> asyncio.Future[Any]:
        self.asked += 1
        return super().run(verb, *arguments)


def refused(ring: Keyring, secret: str) -> None:
    with pytest.raises(InvalidApiKey):
        asyncio.run(ring.find(secret))


def one_off(secret: str, place: int) -> str:
    """The secret with another character at this place."""
    wrong = "0" if secret[place] != "0" else "1"
    return secret[:place] + wrong + secret[place + 1 :]


@pytest.mark.req("H1")
@given(st.integers(6, 43))
def test_a_wrong_checksum_asks_nobody(place: int) -> None:
    threads = Counting()
    refused(Keyring(threads), one_off(secretkeys.mint(secretkeys.API_KEY), place))
    assert threads.asked == 0


@pytest.mark.req("H1")
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_claims_to_be_a_key_is_checked_first(text: str) -> None:
    threads = Counting()
    refused(Keyring(threads), f"sk-tg-{text}")
    assert threads.asked == 0


@pytest.mark.req("H1")
@pytest.mark.parametrize("secret", ["", " ", "é", "sk\n", "x" * 513, "sk-tg-", "sk-tg-" + "0" * 38])
def test_what_no_key_can_be_asks_nobody(secret: str) -> None:
    threads = Counting()
    refused(Keyring(threads), secret)
    assert threads.asked == 0


def test_a_key_is_read_once(house: House) -> None:
    async def work() -> int:
        threads = Counting()
        ring = Keyring(threads)
        callers = await asyncio.gather(*(ring.find(house.secret) for _ in range(50)))
        await ring.find(house.secret)
        assert {caller.key_id for caller in callers} == {house.key.pk}
        return threads.asked

    assert asyncio.run(work()) == 1


def test_a_read_takes_few_queries(house: House) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert keyring.load(secretkeys.digest(house.secret))
    assert len(queries) <= 4


def test_an_unknown_key_is_remembered_as_such(house: House) -> None:
    async def work() -> int:
        threads = Counting()
        ring = Keyring(threads)
        for _ in range(3):
            with pytest.raises(InvalidApiKey):
                await ring.find("sk-of-another-system")
        return threads.asked

    assert asyncio.run(work()) == 1


def test_an_imported_key_works(house: House) -> None:
    keys.adopt(house.user, "old", "sk-0123456789abcdefghij")
    assert house.run(lambda gate: gate.post(chat(), key="sk-0123456789abcdefghij")).status == 200


def test_memory_is_bounded(house: House, monkeypatch) -> None:
    monkeypatch.setattr(keyring, "MOST_KEPT", 3)

    async def work() -> int:
        ring = Keyring(Threads())
        for number in range(6):
            with pytest.raises(InvalidApiKey):
                await ring.find(f"sk-{number:020}")
        return len(ring._kept)

    assert asyncio.run(work()) == 3


def test_an_answer_from_before_a_change_is_not_kept(house: House) -> None:
    async def work() -> int:
        threads = Counting()
        ring = Keyring(threads)
        finding = asyncio.ensure_future(ring.find(house.secret))
        await asyncio.sleep(0)
        ring.forget(10**9)
        await finding
        await ring.find(house.secret)
        return threads.asked

    assert asyncio.run(work()) == 2


def test_a_database_out_of_reach_is_said_in_time(house: House, monkeypatch) -> None:
    monkeypatch.setattr(keyring, "PATIENCE_S", 0.1)
    monkeypatch.setattr(keyring, "load", lambda digest: time.sleep(0.3))

    async def work() -> None:
        ring = Keyring(Threads())
        with pytest.raises(ServiceUnavailable):
            await ring.find(house.secret)

    asyncio.run(work())


def test_a_failed_read_is_tried_again(house: House, monkeypatch) -> None:
    def down(digest: str) -> None:
        raise OperationalError

    async def work() -> None:
        ring = Keyring(Threads())
        with monkeypatch.context() as patch:
            patch.setattr(keyring, "load", down)
            with pytest.raises(ServiceUnavailable):
                await ring.find(house.secret)
        assert (await ring.find(house.secret)).key_id == house.key.pk

    asyncio.run(work())
