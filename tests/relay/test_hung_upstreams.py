"""Upstreams that hang must not take the rest of the house with them."""

import asyncio
import json
import time
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest

from tests.peers.upstream import Upstream
from tests.serving import Server

STREAMS = 200
PAGES = 40
MODEL = "gap:120"


@pytest.mark.req("N3")
def test_pages_stay_fast_beside_200_hung_streams():
    with Upstream() as upstream, Server(TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8") as server:
        server.manage("channel", "add", "hung", "--base-url", upstream.url, "--models", MODEL)
        server.manage("channel", "add", "lively", "--base-url", upstream.url, "--models", "ok")
        for model in (MODEL, "ok"):
            server.manage("price", "set", model, "--input", "0.1", "--output", "0.1")
        server.manage("group", "set", "default", "--streams", "0")
        account = ("ann", "--email", "ann@example.com", "--credit", "50", "--password-stdin")
        server.manage("user", "create", *account, stdin="a long enough passphrase")
        key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
        pages, calls = asyncio.run(visit_beside_streams(server.url, key, upstream))
        for waits in (pages, calls):
            assert sorted(waits)[int(PAGES * 0.95)] <= 0.5
        deadline = time.monotonic() + 20
        while upstream.open and time.monotonic() < deadline:
            time.sleep(0.1)
        assert upstream.open == 0  # whoever left has stopped paying upstream
        assert "add up" in server.manage("wallet", "verify")


async def visit_beside_streams(url: str, key: str, upstream: Upstream) -> tuple[list[float], list[float]]:
    """Return how long each page, and each call of another upstream, took while all streams hung."""
    body = {"model": MODEL, "stream": True, "max_tokens": 50, "messages": [{"role": "user", "content": "a b c d"}]}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {key}"}) as client:
        posts = [client.post(f"{url}/v1/chat/completions", json=body) for _ in range(STREAMS)]
        streams = await asyncio.gather(*posts)
        assert {stream.status for stream in streams} == {200}
        assert upstream.open == STREAMS
        pages = [await took(client.get(f"{url}/accounts/login/")) for _ in range(PAGES)]
        lively = {**body, "model": "ok", "stream": False}
        calls = [await took(client.post(f"{url}/v1/chat/completions", json=lively)) for _ in range(PAGES)]
        for stream in streams:
            stream.close()
    return pages, calls


async def took(asking: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> float:
    """Return the seconds until an answer was there as a whole."""
    began = time.monotonic()
    async with asking as answer:
        assert answer.status == 200
        await answer.read()
    return time.monotonic() - began
