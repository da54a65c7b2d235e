"""How many streams an account may have open, at an installation with two server processes."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator

import aiohttp
import pytest

from tests.peers.upstream import Upstream
from tests.serving import Server

MODEL = "gap:120"  # half of an answer, and then silence
MOST, ASKED = 20, 60
BODY = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "a b c d"}]}
Ask = Callable[..., Awaitable[aiohttp.ClientResponse]]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: Upstream) -> Iterator[Server]:
    with Server(workers=2, TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8") as running:
        running.manage("channel", "add", "main", "--base-url", upstream.url, "--models", f"{MODEL},ok")
        for model in (MODEL, "ok"):
            running.manage("price", "set", model, "--input", "0.1", "--output", "0.1")
        yield running


def key(server: Server, name: str) -> str:
    server.manage("user", "create", name, "--email", f"{name}@example.com", "--credit", "50")
    return str(json.loads(server.manage("key", "create", name, "laptop", "--json"))["key"])


async def among(server: Server, key: str, work: Callable[[Ask], Awaitable[None]]) -> None:
    """Run `work` with a client whose calls have connections of their own, and so reach either process."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {key}"}) as client:

        async def ask(**changes: object) -> aiohttp.ClientResponse:
            return await client.post(f"{server.url}/v1/chat/completions", json=BODY | {"stream": True} | changes)

        await work(ask)


async def soon(true: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


@pytest.mark.req("N12")
def test_twenty_are_open_and_the_next_is_refused_whichever_process_it_asks(server, upstream):
    mine, others = key(server, "ann"), key(server, "olu")

    async def work(ask: Ask) -> None:
        answers = await asyncio.gather(*(ask() for _ in range(ASKED)))
        opened = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 429]
        assert (len(opened), len(refused)) == (MOST, ASKED - MOST)
        assert upstream.open == MOST, "what is refused never leaves"
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        error = (await refused[0].json())["error"]
        assert error["code"] == "rate_limit_exceeded"
        assert error["message"].startswith("20 streams of your account are open")
        assert (await ask(model="ok", stream=False)).status == 200, "only streams are counted"
        await among(server, others, opens)

        opened.pop().close()  # a client that leaves makes room for the next
        await soon(lambda: _opens(ask, opened))
        assert (await ask()).status == 429
        server.manage("group", "set", "default", "--streams", str(MOST + 1))
        await soon(lambda: _opens(ask, opened), 2)
        assert (await ask()).status == 429
        for answer in opened:
            answer.close()

    async def opens(ask: Ask) -> None:
        (await ask()).close()

    asyncio.run(among(server, mine, work))
    deadline = time.monotonic() + 20
    while server.query("SELECT count(*) FROM wallet_hold") != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert {held for (held,) in server.query("SELECT held FROM wallet_budget WHERE kind = 'streams'")} == {0}
    server.manage("wallet", "verify")


async def _opens(ask: Ask, opened: list[aiohttp.ClientResponse]) -> bool:
    answer = await ask()
    if answer.status != 200:
        return False
    opened.append(answer)
    return True
