"""When recording ends, also calls that are under way are logged without an address."""

import asyncio
from collections.abc import Callable

import pytest

from accounts.models import User
from common import version
from privacy import services as privacy
from privacy.models import PrivacyPolicy
from tests.gateway.client import Answer, Gate, aside, chat
from tests.gateway.conftest import House

WORDS = "one two three four five six seven eight"
HOME = "203.0.113.9"


def forbid(_: User) -> None:
    PrivacyPolicy.objects.update_or_create(pk=1, defaults={"allow_recording": False})
    version.bump()


def stop(user: User) -> None:
    privacy.save(User.objects.get(pk=user.pk), record_ip=False)


def keep_prompts(user: User) -> None:
    privacy.save(User.objects.get(pk=user.pk), keep_prompts=True)


ENDS = {"its owner stops": (stop, None), "the operator forbids": (forbid, None), "another field": (keep_prompts, HOME)}


@pytest.mark.req("K3")
@pytest.mark.parametrize(("change", "address"), ENDS.values(), ids=ENDS.keys())
def test_a_stream_under_way_is_logged_as_its_end_finds_it(
    house: House, change: Callable[[User], None], address: str | None
) -> None:
    privacy.save(house.user, record_ip=True)

    async def work(gate: Gate) -> Answer:
        stream = gate.begin(chat("drip:0.2", WORDS, stream=True))
        await stream.until(b"two")
        await aside(change, house.user)
        await asyncio.sleep(1)
        return await stream.end(10)

    assert house.run(work).status == 200
    assert house.row().address == address


@pytest.mark.req("K3")
@pytest.mark.parametrize("change", [stop, forbid])
def test_an_error_of_a_call_under_way_is_no_exception(house: House, change: Callable[[User], None]) -> None:
    privacy.save(house.user, record_ip=True)
    house.upstream.behavior = "slow:1.5"

    async def work(gate: Gate) -> Answer:
        call = gate.begin(chat())
        await asyncio.sleep(0.3)
        await aside(change, house.user)
        await asyncio.sleep(0.7)
        house.upstream.behavior = "status:404"
        return await call.end(10)

    house.run(work)
    assert house.row().address is None


@pytest.mark.req("K3")
@pytest.mark.parametrize("change", [stop, forbid])
def test_within_a_second_no_new_call_is_logged_with_one(house: House, change: Callable[[User], None]) -> None:
    privacy.save(house.user, record_ip=True)

    async def work(gate: Gate) -> None:
        assert (await gate.post(chat())).status == 200
        await aside(change, house.user)
        await asyncio.sleep(1)
        for asked in (chat(), chat("nobody-serves-this")):
            await gate.post(asked)

    house.run(work)
    assert [row.address for row in house.rows()] == [HOME, None, None]
