"""One door for two handlers: who answers what, how large a form may be, and how the gate lives and dies."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from config.site import Site
from gateway.errors import ServiceUnavailable
from tests.gateway.client import Answer, Exchange, Gate, chat
from tests.gateway.conftest import House

FORM = {"content-type": "application/x-www-form-urlencoded", "host": "localhost"}


def visit(house: House, method: str, path: str, *bodies: bytes, **headers: str) -> tuple[Answer, Exchange]:
    async def work() -> tuple[Answer, Exchange]:
        site = Site()
        given = {**FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
        exchange = Gate(site, house.secret).open(method, path, headers=given, key=None)
        for body in bodies:
            exchange.put(body, more=True)
        exchange.put(b"")
        answer = await exchange.start().end()
        await site.gate.stop()
        return answer, exchange

    return asyncio.run(work())


@pytest.mark.parametrize(("path", "status"), [("/v1/models", 401), ("/v1/", 404), ("/healthz", 200), ("/readyz", 200)])
def test_the_gate_answers_under_any_host(house: House, path: str, status: int) -> None:
    answer, _ = visit(house, "GET", path, host="anything.example")
    assert answer.status == status
    assert answer.headers["x-request-id"]


def test_pages_answer_under_their_own_host_only(house: House) -> None:
    assert visit(house, "GET", "/accounts/login/", host="evil.example")[0].status == 400
    assert visit(house, "GET", "/accounts/login/")[0].status == 200


@pytest.mark.req("N5")
def test_an_announced_form_beyond_the_limit_is_not_read(house: House, settings) -> None:
    size = str(settings.PAGE_BODY_LIMIT + 1)
    answer, exchange = visit(house, "POST", "/accounts/login/", b"x", content_length=size)
    assert (answer.status, exchange.received) == (413, 0)


@pytest.mark.req("N5")
def test_a_form_is_counted_while_it_is_read(house: House, settings) -> None:
    settings.PAGE_BODY_LIMIT = 100_000
    answer, exchange = visit(house, "POST", "/accounts/login/", *[b"x" * 16_384] * 100)
    assert answer.status == 413
    assert exchange.received <= 100_000 + 64 * 1024


@pytest.mark.req("N5")
@pytest.mark.parametrize("announced", [{"content_length": "65537"}, {}], ids=["announced", "sent"])
def test_a_body_of_the_account_api_has_a_limit_and_words_of_its_own(house: House, announced: dict[str, str]) -> None:
    answer, exchange = visit(house, "POST", "/api/keys", *[b"x" * 16_384] * 10, **announced)
    assert answer.status == 413
    assert answer.json["error"]["code"] == "invalid_request"
    assert exchange.received <= 2 * 64 * 1024


def test_a_form_within_the_limit_passes(house: House) -> None:
    assert visit(house, "POST", "/accounts/login/", b"login=mei&password=x")[0].status == 403  # no CSRF token


def test_pages_see_the_client_behind_a_trusted_proxy(house: House, settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("203.0.113.0/24")]
    seen: list[dict[str, Any]] = []

    async def pages(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope)

    async def work() -> None:
        site = Site()
        site.pages = pages  # type: ignore[assignment]
        exchange = Gate(site, "").open("GET", "/", headers={"x-forwarded-for": "198.51.100.7"}, key=None)
        await exchange.start().end()

    asyncio.run(work())
    assert seen[0]["client"][0] == "198.51.100.7"


def test_websockets_are_not_spoken(house: House) -> None:
    with pytest.raises(ValueError, match="websocket"):
        asyncio.run(Site()({"type": "websocket"}, None, None))  # type: ignore[arg-type]


class Life:
    """The server's side of a lifespan."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def receive(self) -> dict[str, str]:
        return await self.messages.get()

    async def send(self, message: Any) -> None:
        self.said.append(message["type"])


def test_the_gate_starts_and_stops_with_the_server(house: House) -> None:
    async def work() -> tuple[list[str], int]:
        site, life = Site(), Life()
        living = asyncio.create_task(site({"type": "lifespan"}, life.receive, life.send))
        life.messages.put_nowait({"type": "lifespan.startup"})
        while not life.said:
            await asyncio.sleep(0.01)
        answer = await Gate(site, house.secret).begin(chat()).end()
        life.messages.put_nowait({"type": "lifespan.shutdown"})
        await living
        assert site.gate.runtime is None
        return life.said, answer.status

    assert asyncio.run(work()) == (["lifespan.startup.complete", "lifespan.shutdown.complete"], 200)


def test_a_server_without_its_database_starts_all_the_same(house: House, monkeypatch) -> None:
    async def down(self: Any) -> None:
        raise ServiceUnavailable("gone")

    async def work() -> list[str]:
        monkeypatch.setattr("gateway.handler.GateHandler.start", down)
        site, life = Site(), Life()
        life.messages.put_nowait({"type": "lifespan.startup"})
        life.messages.put_nowait({"type": "lifespan.shutdown"})
        await site({"type": "lifespan"}, life.receive, life.send)
        return life.said

    assert asyncio.run(work()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
