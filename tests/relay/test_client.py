"""What the gate's own HTTP client makes of chosen bytes (RFC 9112)."""

import asyncio
import gzip
import random
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway import errors, upstream
from gateway.client import pool
from gateway.client.pool import Origin
from gateway.client.response import PIECE
from gateway.exchange import Cut
from tests.relay.conftest import run
from tests.relay.raw import BODY, OK, QUICK, Seen, answering, ask, body_of, chunked, listening, request, sized

EVENTS = OK.replace(b"application/json", b"text/event-stream")


@pytest.mark.parametrize(
    "answer",
    [
        sized(BODY),
        chunked(BODY),
        chunked(BODY, trailer=b"content-type: text/plain\r\nx-late: 1\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\ncontent-length: 3\r\n\r\n" + sized(BODY),
        sized(gzip.compress(BODY), OK + b"content-encoding: gzip\r\n"),
        chunked(zlib.compress(BODY), head=OK + b"Content-Encoding: Deflate\r\n"),
    ],
    ids=["sized", "chunked", "trailers", "announced", "gzip", "deflate"],
)
def test_an_answer_is_the_same_wherever_the_network_cuts_it(answer):
    async def walk() -> None:
        for cut in range(1, len(answer), max(1, len(answer) // 60)):
            async with answering([answer[:cut], answer[cut:]]) as seen:
                got = await ask(seen.port)
                assert (got.status, got.body) == (200, BODY)
                assert got.headers == {"content-type": "application/json"}
                await pool.close()
        async with answering([answer[at : at + 1] for at in range(len(answer))]) as seen:
            assert await body_of(seen.port) == BODY

    run(walk())


def test_an_answer_without_a_length_ends_with_its_connection():
    async def walk() -> None:
        async with answering([OK + b"\r\n", BODY[:9], BODY[9:]], keep=False) as seen:
            assert await body_of(seen.port) == BODY

    run(walk())


@pytest.mark.parametrize("answer", [sized(BODY)[:-1], chunked(BODY)[:-3], chunked(BODY)[:200], OK, b"HTTP/1.1 2"])
def test_an_answer_that_is_cut_off_is_no_answer(answer):
    async def walk() -> None:
        async with answering([answer], keep=False) as seen:
            with pytest.raises(upstream.Failed):
                await ask(seen.port)

    run(walk())


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}    ",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-name\x00: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"x-many: 1\r\n" * 9_000,
        OK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-late: " + b"a" * 200_000,
    ],
)
def test_what_is_no_http_is_no_answer_and_leaves_no_connection(answer):
    async def walk() -> None:
        async with answering([answer], [sized(BODY)]) as seen:
            with pytest.raises(upstream.Failed) as failed:
                await asyncio.wait_for(ask(seen.port), 5)
            assert "a" * 20 not in failed.value.reason
            assert pool.current().take(Origin(secure=False, host="127.0.0.1", port=seen.port)) is None

    run(walk())


@pytest.mark.parametrize(
    "answer",
    [
        sized(BODY, OK + b"content-encoding: br\r\n"),
        sized(BODY, OK + b"content-encoding: gzip\r\n"),
        sized(gzip.compress(BODY)[:-20], OK + b"content-encoding: gzip\r\n"),
    ],
)
def test_a_body_that_is_not_coded_as_asked_or_told_is_no_answer(answer):
    async def walk() -> None:
        async with answering([answer]) as seen:
            with pytest.raises(upstream.Failed):
                await ask(seen.port)

    run(walk())


def test_nobody_reads_faster_than_the_client():
    """The upstream must not fill the memory while nobody takes the pieces."""
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await request(reader)
        writer.write(EVENTS + b"\r\n")
        while sent < 64 * 2**20:
            writer.write(b"data: " + b"x" * 4_000 + b"\n\n")
            sent += 4_008
            await writer.drain()

    async def walk() -> None:
        async with listening(flood, Seen()) as seen:
            answer = await ask(seen.port, stream=True)
            await asyncio.sleep(0.5)
            stood = sent
            await asyncio.sleep(0.3)
            assert sent == stood < 32 * 2**20  # what the kernel's buffers hold
            source = answer.source
            assert source is not None
            assert 0 < len(await source.read()) <= PIECE
            await answer.close()

    run(walk())


def test_a_compressed_bomb_comes_in_small_pieces():
    bomb = gzip.compress(b"data: " + b"\0" * 100_000_000)

    async def walk() -> None:
        async with answering([sized(bomb, EVENTS + b"content-encoding: gzip\r\n")]) as seen:
            answer = await ask(seen.port, stream=True)
            source = answer.source
            assert source is not None
            size = 0
            while piece := await source.read():
                assert len(piece) <= PIECE
                size += len(piece)
            assert size == 100_000_006
        async with answering([sized(bomb, OK + b"content-encoding: gzip\r\n")]) as seen:
            with pytest.raises(upstream.Failed, match="beyond every measure"):
                await ask(seen.port)

    run(walk())


def test_a_stream_that_breaks_off_is_cut_after_what_has_come():
    async def walk() -> None:
        async with answering([chunked(b"data: 1\n\n" * 5, head=EVENTS)[:-5]], keep=False) as seen:
            answer = await ask(seen.port, stream=True)
            got = b""
            with pytest.raises(Cut):  # noqa: PT012 - what came before the cut counts
                async for piece in answer.chunks():
                    got += piece
            assert got == b"data: 1\n\n" * 5

    run(walk())


def test_a_gap_and_an_end_have_their_time():
    async def walk() -> None:
        async with answering([EVENTS + b"\r\ndata: 1\n\n"]) as seen:
            answer = await ask(seen.port, stream=True, timeouts=replace(QUICK, gap=0.2))
            with pytest.raises(errors.UpstreamTimeout):
                await answer.read()
        async with answering([b"HTTP/1.1 200 OK\r\n"]) as seen:
            with pytest.raises(errors.UpstreamTimeout):
                await ask(seen.port, timeouts=replace(QUICK, first_byte=0.2))

    run(walk())


@pytest.mark.parametrize("value", ["a\r\nx-forged: 1", "a\nb", "a\rb", "a\0b"])
def test_a_header_ends_where_its_line_ends(value):
    async def walk() -> None:
        async with answering([sized(BODY)]) as seen:
            with pytest.raises(upstream.Failed, match="control character"):
                await ask(seen.port, headers=(("x-extra", value),))
            assert not seen.requests

    run(walk())


def test_a_request_is_written_as_the_standard_has_it():
    async def walk() -> None:
        async with answering([sized(BODY)]) as seen:
            await ask(seen.port, headers=(("X-Extra", "1"),))
            head, _, body = seen.requests[0].partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            assert lines[0] == b"POST /v1/chat/completions HTTP/1.1"
            assert lines[1] == b"host: 127.0.0.1:%d" % seen.port
            assert {b"x-extra: 1", b"content-length: 14", b"authorization: Bearer sk-up"} <= set(lines)
            assert body == b'{"model": "m"}'

    run(walk())


def test_bytes_at_random_break_nothing():
    """Answers with a few bytes changed: each is an answer or a failure, and the next call is answered."""
    rng = random.Random(11)
    good = [sized(BODY), chunked(BODY), sized(gzip.compress(BODY), OK + b"content-encoding: gzip\r\n")]

    def mutated() -> bytes:
        answer = bytearray(rng.choice(good))
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(answer))
            answer[at : at + rng.randint(0, 2)] = rng.randbytes(rng.randint(0, 3))
        return bytes(answer)

    async def walk() -> None:
        answers = [[mutated()] for _ in range(400)]
        async with answering(*answers, [sized(BODY)], keep=False) as seen:
            for _ in answers:
                with suppress(upstream.Failed, errors.UpstreamTimeout):
                    await asyncio.wait_for(ask(seen.port, timeouts=replace(QUICK, first_byte=0.5, gap=0.5)), 5)
            assert await body_of(seen.port) == BODY

    run(walk())
