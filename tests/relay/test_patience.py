"""How long the relay waits, and what happens when one side leaves."""

import asyncio

import pytest

from gateway import errors, relay
from gateway.routing import Timeouts
from tests.relay.conftest import ask, candidate, order, run

QUICK = Timeouts(connect=1, first_byte=0.3, gap=0.3, total=2)


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_is_silent_is_a_timeout(upstream, other, stream):
    slow = candidate(upstream, "slow:5", timeouts=QUICK, priority=1)
    with pytest.raises(errors.UpstreamTimeout):
        run(ask(order(stream=stream), slow, candidate(other, channel_id=2)))
    assert not other.requests


def test_an_upstream_that_never_reads_is_a_timeout(upstream):
    upstream.behavior = "deaf:1"

    async def wait() -> None:
        with pytest.raises(errors.UpstreamTimeout):
            await ask(order("x" * 20_000_000), candidate(upstream, timeouts=QUICK))
        async with asyncio.timeout(5):
            while len(asyncio.all_tasks()) > 1 or upstream.open:
                await asyncio.sleep(0.05)

    run(wait())


@pytest.mark.req("N3")
@pytest.mark.parametrize("stream", [False, True])
def test_a_gap_in_the_answer_is_a_timeout(upstream, stream):
    with pytest.raises(errors.UpstreamTimeout):
        run(ask(order("one two three four", stream=stream), candidate(upstream, "gap:5", timeouts=QUICK)))


def test_drops_that_never_leave_a_gap_still_end(upstream):
    total = Timeouts(connect=1, first_byte=1, gap=1, total=0.5)
    words = "word " * 100
    with pytest.raises(errors.UpstreamTimeout):
        run(ask(order(words, stream=True), candidate(upstream, "drip:0.05", timeouts=total)))


def test_a_stream_that_is_never_silent_still_ends(upstream):
    total = Timeouts(connect=1, first_byte=1, gap=1, total=0.5)

    async def drain() -> None:
        answer = await relay.send(order(stream=True), [candidate(upstream, "endless", timeouts=total)])
        with pytest.raises(errors.UpstreamTimeout):
            async for _ in answer.chunks():
                pass
        await answer.close()

    run(drain())


def test_a_stream_closed_under_its_reader_is_cut(upstream):
    """As when a key is revoked: one task reads, another ends it."""

    async def revoke() -> None:
        answer = await relay.send(order("a b c d", stream=True), [candidate(upstream, "gap:30")])
        reading = asyncio.create_task(answer.read())
        await asyncio.sleep(0.1)
        await answer.close()
        with pytest.raises(relay.Cut):
            await reading

    run(revoke())


def test_a_stream_that_breaks_off_is_cut(upstream):
    async def collect() -> list[bytes]:
        answer = await relay.send(order("one two three four five six", stream=True), [candidate(upstream, "cut")])
        seen: list[bytes] = []
        with pytest.raises(relay.Cut):  # noqa: PT012 - what came before the cut counts
            async for piece in answer.chunks():
                seen.append(piece)  # noqa: PERF401
        return seen

    assert b"one" in b"".join(run(collect()))


def test_closing_early_cancels_the_upstream(upstream):
    async def leave() -> None:
        answer = await relay.send(order(stream=True), [candidate(upstream, "endless")])
        pieces = answer.chunks()
        await anext(pieces)
        await pieces.aclose()
        await answer.close()
        await answer.close()
        async with asyncio.timeout(5):
            while not upstream.left:
                await asyncio.sleep(0.01)

    run(leave())


@pytest.mark.parametrize("stream", [False, True])
def test_cancelling_a_call_that_waits_cancels_the_upstream(upstream, stream):
    async def leave() -> None:
        task = asyncio.create_task(relay.send(order(stream=stream), [candidate(upstream, "slow:30")]))
        async with asyncio.timeout(5):
            while not upstream.open:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while not upstream.left:
                await asyncio.sleep(0.01)

    run(leave())


def test_the_upstream_stalls_while_nobody_reads(upstream):
    async def dawdle() -> tuple[int, int]:
        answer = await relay.send(order(stream=True), [candidate(upstream, "endless")])
        before = -1
        async with asyncio.timeout(10):
            while upstream.sent != before:
                before = upstream.sent
                await asyncio.sleep(0.3)
        stalled = upstream.sent
        pieces = answer.chunks()
        taken = 0
        while taken < 8 * 2**20:
            taken += len(await anext(pieces))
        await pieces.aclose()
        await answer.close()
        return stalled, upstream.sent

    stalled, resumed = run(dawdle())
    assert stalled < 16 * 2**20  # what the kernel's buffers of both sides hold
    assert resumed > stalled
