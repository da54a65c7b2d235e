"""Which headers open the gate, from which addresses, and what of an address is kept."""

from ipaddress import ip_network

import pytest

from gateway import keys
from gateway.models import ApiKey
from privacy import services as privacy
from tests.gateway.client import Answer, Gate, aside, chat
from tests.gateway.conftest import House


@pytest.mark.req("H5")
@pytest.mark.parametrize("query", ["key={}", "api_key={}", "access_token={}"])
def test_a_key_in_the_query_opens_nothing(house: House, query: str) -> None:
    answer = house.run(lambda gate: gate.post(chat(), key=None, query=query.format(house.secret)))
    assert answer.status == 401


def test_a_query_of_any_bytes_is_ignored(house: House) -> None:
    async def work(gate: Gate) -> Answer:
        exchange = gate.open("GET", "/v1/models")
        exchange.scope["query_string"] = b"\xff\xfe=%zz&&"
        exchange.put(b"")
        return await exchange.start().end()

    assert house.run(work).status == 200


@pytest.mark.req("H10")
def test_two_credentials_follow_one_rule(house: House) -> None:
    _, other = keys.mint(house.user, "other")
    mine = house.secret
    mixes = [
        ({"authorization": f"Bearer {mine}"}, 200),
        ({"x-api-key": mine}, 200),
        ({"authorization": f"Bearer {mine}", "x-api-key": mine}, 200),
        ({"authorization": f"bearer {mine}"}, 200),
        ({"authorization": f"Bearer {mine}", "x-api-key": other}, 401),
        ({"authorization": f"Bearer {mine}", "x-api-key": ""}, 401),
        ({"authorization": f"Basic {mine}", "x-api-key": mine}, 401),
        ({"authorization": mine}, 401),
        ({"authorization": f"Bearer {mine}", "cookie": f"session=x; key={other}"}, 200),
        ({"cookie": f"authorization=Bearer {mine}; session={mine}"}, 401),
    ]

    async def work(gate: Gate) -> list[int]:
        return [(await gate.post(chat(), key=None, headers=headers)).status for headers, _ in mixes]

    assert house.run(work) == [status for _, status in mixes]


@pytest.mark.req("K4")
def test_an_address_is_kept_only_where_its_owner_records_it(house: House) -> None:
    async def work(gate: Gate) -> None:
        await gate.post(chat())
        await aside(privacy.save, house.user, record_ip=True)
        await gate.post(chat())
        await gate.runtime.refresh()
        await gate.post(chat())
        await gate.post(chat("nobody"))
        await gate.post(chat(stream=True), client=("2001:db8::1", 1))

    house.run(work)
    *_, paid, refused, streamed = [row.address for row in house.rows()]
    assert house.rows()[0].address is None
    assert (paid, refused, streamed) == ("203.0.113.9", "203.0.113.9", "2001:db8::1")


def test_subnets_use_an_address_that_is_not_recorded(house: House) -> None:
    ApiKey.objects.update(subnets=["203.0.113.0/24", "2001:db8::/32"])

    async def work(gate: Gate) -> list[int]:
        clients = [("203.0.113.77", 1), ("::ffff:203.0.113.77", 1), ("2001:db8::5", 1), ("198.51.100.1", 1), None]
        return [(await gate.post(chat(), client=client)).status for client in clients]

    assert house.run(work) == [200, 200, 200, 403, 403]
    assert {row.address for row in house.rows()} == {None}


@pytest.mark.req("K1")
def test_forwarded_addresses_count_only_from_trusted_proxies(house: House, settings) -> None:
    ApiKey.objects.update(subnets=["198.51.100.0/24"])
    forwarded = {"x-forwarded-for": "198.51.100.7"}

    async def work(gate: Gate) -> list[int]:
        before = (await gate.post(chat(), headers=forwarded)).status
        settings.TRUSTED_PROXIES = [ip_network("203.0.113.0/24")]
        return [before, (await gate.post(chat(), headers=forwarded)).status]

    assert house.run(work) == [403, 200]
