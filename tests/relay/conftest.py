"""What the tests of the relay share: a misbehaving upstream that the policy allows, and a loop to run in."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import orjson
import pytest

from gateway import relay
from gateway.health import health
from gateway.routing import Candidate, Credential
from tests.peers.upstream import Upstream

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture(autouse=True)
def _open_loopback(settings) -> Iterator[None]:
    settings.OUTBOUND_ALLOW = LOOPBACK
    health.clear()
    yield
    health.clear()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Upstream]:
    """A second upstream, to fail over to."""
    with Upstream() as running:
        yield running


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a loop of its own, and close what the relay opened in it."""

    async def wrapped() -> Any:
        try:
            return await work
        finally:
            await relay.close()

    return asyncio.run(wrapped())


def candidate(upstream: Upstream, model: str = "ok", **fields: Any) -> Candidate:
    """A model on a channel that leads to this upstream."""
    base = Candidate(
        channel_id=1,
        channel="test",
        kind="openai",
        base_url=upstream.url,
        model=model,
        upstream_model=model,
        credentials=(Credential(1, "sk-upstream-secret"),),
    )
    return replace(base, **fields)


def order(text: str = "hello there", **fields: Any) -> relay.Order:
    """A chat completion that says `text`; streamed on stream=True."""
    stream = fields.get("stream", False)

    def body(candidate: Candidate, bounded: bool) -> bytes:
        payload: dict[str, Any] = {"model": candidate.upstream_model, "messages": [{"role": "user", "content": text}]}
        if bounded:
            payload["max_tokens"] = 20
        if stream:
            payload |= {"stream": True, "stream_options": {"include_usage": True}}
        return orjson.dumps(payload)

    return relay.Order(
        **{"path": "chat/completions", "headers": {}, "stream": stream, "hint": "", "body": body, **fields}
    )


def fixed(content: bytes) -> relay.Order:
    """An order of exactly these bytes, bound or not."""
    return order(body=lambda _candidate, _bounded: content)


async def ask(order: relay.Order, *candidates: Candidate) -> tuple[relay.Answer, bytes]:
    """Send, read everything, close."""
    answer = await relay.send(order, candidates)
    try:
        return answer, await answer.read()
    finally:
        await answer.close()


def spoken(content: bytes) -> str:
    """The text inside an answer, streamed or not."""
    if content.startswith(b"{"):
        return str(orjson.loads(content)["choices"][0]["message"]["content"])
    events = [line[6:] for line in content.splitlines() if line.startswith(b"data: {")]
    choices = [choice for event in events for choice in orjson.loads(event)["choices"]]
    return "".join(choice["delta"].get("content", "") for choice in choices)
