"""A server that answers with exactly the bytes it was told to, for the client of the gate to make sense of."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from gateway import upstream
from gateway.exchange import Answer
from gateway.routing import Candidate, Credential, Timeouts
from tests.relay.conftest import order

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
BODY = b'{"id": "chatcmpl-1", "choices": [], "text": "' + b"every word of it " * 40 + b'"}'
QUICK = Timeouts(connect=2, first_byte=2, gap=2, total=4)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Seen:
    """What the server has met: its port, how many connections, and the requests."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


def sized(body: bytes, head: bytes = OK) -> bytes:
    """Return an answer whose length is told."""
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, size: int = 7, head: bytes = OK, trailer: bytes = b"") -> bytes:
    """Return an answer in chunks (RFC 9112 7.1)."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    frames = b"".join(b"%x;note=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head + b"transfer-encoding: chunked\r\n\r\n" + frames + b"0\r\n" + trailer + b"\r\n"


async def request(reader: asyncio.StreamReader) -> bytes:
    """Return a whole request, empty where the client has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(length)


@asynccontextmanager
async def answering(
    *answers: Sequence[bytes], keep: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Seen]:
    """Serve each request with the next answer, in the writes it consists of; the last one for good.

    The connection is closed after each answer unless `keep`.
    """
    seen, left = Seen(), list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while got := await request(reader):
            seen.requests.append(got)
            for piece in left.pop(0) if len(left) > 1 else left[0]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if not keep:
                break
        writer.close()

    async with listening(handle, seen, tls):
        yield seen


@asynccontextmanager
async def listening(handle: Handler, seen: Seen, tls: ssl.SSLContext | None = None) -> AsyncIterator[Seen]:
    """Serve connections by `handle`; all of them are closed in the end."""
    writers: list[asyncio.StreamWriter] = []

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        writers.append(writer)
        try:
            await handle(reader, writer)
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for writer in writers:
            writer.close()


def candidate(port: int, **fields: object) -> Candidate:
    """Return a model on a channel that leads there."""
    base = Candidate(
        channel_id=1,
        channel="raw",
        kind="openai",
        base_url=f"http://127.0.0.1:{port}/v1",
        model="m",
        upstream_model="m",
        timeouts=QUICK,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


async def ask(port: int, *, stream: bool = False, body: bytes = b'{"model": "m"}', **fields: object) -> Answer:
    """Return the answer to one request, whose candidate has these fields."""
    return await upstream.ask(order(stream=stream), candidate(port, **fields), Credential(1, "sk-up"), body)


async def body_of(port: int) -> bytes:
    """Return the body of the answer to one request."""
    return (await ask(port)).body
