"""`python -m bench.sse PORT`: a mock upstream that streams 50 events, 5 ms apart; a plain answer comes at once."""

import asyncio
import sys
from typing import cast

import uvloop

from bench.answers import CHUNK_S, answer, chunks

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
FRAMES = [b"%x\r\n%s\r\n" % (len(event), event) for event in chunks()]
END = b"0\r\n\r\n"
BODY = answer().encode()
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Upstream(asyncio.Protocol):
    """One connection: requests one after the other, bodies by Content-Length or in chunks."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class is not registered as one
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lowered = head.lower()
        if b"content-length:" in lowered:
            length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
            complete = len(rest) >= length
        else:
            complete = rest.endswith(END)
        if not complete:
            return
        self.buffer = b""
        if b'"stream": true' in rest or b'"stream":true' in rest:
            self.transport.write(HEAD)
            self.send(0)
        else:
            self.transport.write(PLAIN)

    def send(self, index: int) -> None:
        """Write one event and plan the next."""
        if self.transport.is_closing():
            return
        if index == len(FRAMES) - 1:
            self.transport.write(FRAMES[index] + END)
            return
        self.transport.write(FRAMES[index])
        asyncio.get_running_loop().call_later(CHUNK_S, self.send, index + 1)


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
