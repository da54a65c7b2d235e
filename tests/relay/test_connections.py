"""How the gate's own HTTP client keeps its connections, and to whom it opens them."""

import asyncio
import random
import socket

import pytest

from gateway import upstream
from gateway.client import pool
from gateway.client.pool import Origin
from gateway.client.response import Broken
from tests.relay.certificates import server_context
from tests.relay.conftest import run
from tests.relay.raw import BODY, OK, Seen, answering, ask, body_of, chunked, listening, request, sized


def test_a_connection_is_used_again_and_answers_never_mix():
    rng = random.Random(7)
    asked = 300

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while got := await request(reader):
            body = b'{"echo": "' + got.rpartition(b"\r\n\r\n")[2].strip(b'"') + b'"}'
            answer = sized(body) if rng.random() < 0.5 else chunked(body)
            cut = rng.randrange(len(answer))
            writer.write(answer[:cut])
            await asyncio.sleep(rng.choice([0, 0, 0.001]))
            writer.write(answer[cut:])

    async def walk() -> None:
        async with listening(echo, Seen()) as seen:

            async def one(number: int) -> None:
                await asyncio.sleep(rng.random() / 4)
                mark = f"mark-{number}"
                got = await ask(seen.port, body=b'"%b"' % mark.encode())
                assert got.document == {"echo": mark}

            await asyncio.gather(*(one(number) for number in range(asked)))
            assert seen.connections < asked

    run(walk())


def test_a_caller_who_leaves_takes_the_connection_along():
    async def walk() -> None:
        async with answering([OK + b"content-length: 100\r\n\r\n", b"a"], [sized(BODY)]) as seen:
            left = asyncio.create_task(ask(seen.port))
            await asyncio.sleep(0.1)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            assert await body_of(seen.port) == BODY
            assert seen.connections == 2

    run(walk())


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", b"x", b"HTTP/1.1 2"])
def test_what_comes_unasked_is_nobodys_answer(extra):
    async def walk() -> None:
        async with answering([sized(BODY) + extra], [sized(b'{"own": 1}')]) as seen:
            assert await body_of(seen.port) == BODY
            assert (await ask(seen.port)).document == {"own": 1}
            assert seen.connections == 2

        async with answering([sized(BODY), b"", extra], [sized(b'{"own": 1}')]) as seen:
            assert await body_of(seen.port) == BODY
            await asyncio.sleep(0.05)
            assert (await ask(seen.port)).document == {"own": 1}

    run(walk())


def test_a_connection_that_is_closed_meanwhile_is_opened_anew():
    """The upstream closes it in the moment that the next request is on its way."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.requests.append(await request(reader))
        writer.write(sized(BODY))
        await request(reader)
        writer.transport.abort()

    async def walk() -> None:
        async with listening(once, seen):
            for _ in range(5):
                assert await body_of(seen.port) == BODY
            assert (seen.connections, len(seen.requests)) == (5, 5)

    seen = Seen()
    run(walk())


def test_a_new_connection_that_is_closed_without_a_word_is_not_asked_twice():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.close()

    async def walk() -> None:
        async with listening(hang_up, Seen()) as seen:
            with pytest.raises(upstream.Failed, match="hung up"):
                await ask(seen.port)
            assert seen.connections == 1

    run(walk())


def test_an_idle_connection_is_closed_in_the_end(monkeypatch):
    monkeypatch.setattr(pool, "KEEP_S", 0.1)

    async def walk() -> None:
        async with answering([sized(BODY)]) as seen:
            await body_of(seen.port)
            await asyncio.sleep(0.35)
            await body_of(seen.port)
            assert seen.connections == 2

    run(walk())


def test_a_connection_says_when_it_is_not_kept():
    async def walk() -> None:
        async with answering([sized(BODY, OK + b"connection: close\r\n")]) as seen:
            assert await body_of(seen.port) == BODY
            assert await body_of(seen.port) == BODY
            assert seen.connections == 2

    run(walk())


@pytest.mark.req("J7")
@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [("localhost", True, ""), ("other.example", True, "Hostname mismatch"), ("localhost", False, "self-signed")],
)
def test_certificate_and_name_are_verified(monkeypatch, tmp_path, name, trusted, words):
    context, vouching = server_context(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
    pool._tls.cache_clear()

    async def walk() -> None:
        async with answering([sized(BODY)], tls=context) as seen:
            url = f"https://localhost:{seen.port}/v1"
            if not words:
                assert (await ask(seen.port, base_url=url)).body == BODY
                return
            with pytest.raises(upstream.Failed, match=words):
                await ask(seen.port, base_url=url)
            assert not seen.requests

    try:
        run(walk())
    finally:
        pool._tls.cache_clear()


def test_every_address_of_a_name_is_judged(monkeypatch, settings):
    settings.OUTBOUND_ALLOW = []
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]

    async def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return list(found)

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", look_up)

    async def walk() -> None:
        for url in ("http://harmless.example/v1", "http://127.0.0.1:9/v1", "http://[::1]:9/v1"):
            with pytest.raises(upstream.Failed, match="not a public address"):
                await ask(9, base_url=url)

    run(walk())


def test_a_connection_carries_one_exchange_at_a_time():
    async def walk() -> None:
        async with answering([b"HTTP/1.1 200 OK\r\n"]) as seen:
            opened = await pool.current().open(Origin(secure=False, host="127.0.0.1", port=seen.port), 2)
            opened.send(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            with pytest.raises(RuntimeError, match="not free"):
                opened.send(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            opened.abort()
            await asyncio.sleep(0)
            with pytest.raises(Broken):
                opened.send(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")

    run(walk())
