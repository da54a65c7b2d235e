"""`python -m bench.streams PORT CONNECTIONS SECONDS`: load with streamed calls; prints one JSON object.

Every connection asks again as soon as its stream has ended, until the time is over. The key
is read from the environment variable KEY.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from statistics import median
from typing import cast

import uvloop

from bench.answers import STREAM_MODEL, request

BODY = request(model=STREAM_MODEL, stream=True, stream_options={"include_usage": True})
LAST = b"0\r\n\r\n"


@dataclass
class Tally:
    """What all connections saw; times in milliseconds."""

    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    errors: int = 0


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, ask: bytes, tally: Tally, until: float) -> None:
        self.ask_bytes, self.tally, self.until = ask, tally, until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class is not registered as one
        self.ask()

    def ask(self) -> None:
        """Send one request."""
        self.seen, self.began, self.first = b"", time.perf_counter(), 0.0
        self.transport.write(self.ask_bytes)

    def data_received(self, data: bytes) -> None:
        if not self.first and b"data:" in data:
            self.first = time.perf_counter()
        self.seen += data
        if not self.seen.endswith(LAST):
            return
        if self.seen.startswith(b"HTTP/1.1 200") and b"data: [DONE]" in self.seen and b'"usage"' in self.seen:
            self.tally.first.append((self.first - self.began) * 1e3)
            self.tally.total.append((time.perf_counter() - self.began) * 1e3)
        else:
            self.tally.errors += 1
        if time.perf_counter() < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc or time.perf_counter() < self.until:
            self.tally.errors += 1
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, connections: int, seconds: float) -> Tally:
    """Return what `connections` clients saw."""
    key = os.environ["KEY"]
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    tally, until = Tally(), time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: Client(head.encode() + BODY, tally, until), "127.0.0.1", port)
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(client.done for _, client in pairs))
    return tally


def main() -> None:
    """Print count, errors and percentiles."""
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    tally = uvloop.run(load(port, connections, seconds))
    firsts = sorted(tally.first) or [0.0]
    shown = {
        "streams": len(tally.first),
        "errors": tally.errors,
        "p50": median(firsts),
        "p99": firsts[int(len(firsts) * 0.99)],
        "total_p50": median(tally.total or [0.0]),
    }
    print(json.dumps(shown))


if __name__ == "__main__":
    main()
