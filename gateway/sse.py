"""Server-sent events (WHATWG HTML 9.2): torn from a stream of bytes, each with its bytes as they came."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from gateway.relay import Cut

LARGEST_EVENT = 8 * 2**20  # bytes; an image in base64 fits
END = re.compile(rb"\r?\n\r?\n|\r\r")
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"[DONE]"


class Splitter:
    """Collects pieces until an event is whole."""

    def __init__(self) -> None:
        """Start empty."""
        self._pieces: list[bytes] = []
        self._size = 0
        self._tail = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the events that this piece completes. Raises Cut for an event beyond every measure."""
        if not END.search(self._tail + piece):  # an end may be torn between two pieces
            self._keep(piece)
            return []
        data = b"".join([*self._pieces, piece])
        events, last = [], 0
        for end in END.finditer(data):
            events.append(data[last : end.end()])
            last = end.end()
        self._pieces, self._size, self._tail = [], 0, b""
        if last < len(data):
            self._keep(data[last:])
        return events

    def end(self) -> bytes:
        """Return what is left when the stream has ended."""
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        self._tail = (self._tail + piece)[-3:]
        if self._size > LARGEST_EVENT:
            raise Cut("an event without an end")


def event(document: Any) -> bytes:
    """Return an event with a JSON document as its data."""
    return b"data: " + orjson.dumps(document) + b"\n\n"


def data_of(event: bytes) -> bytes:
    """Return the data of an event, empty for a comment."""
    if event.startswith(b"data:") and event.find(b"\n", 5) >= len(event) - 4:
        return event[5:].strip()
    lines = re.split(rb"\r\n|\n|\r", event.removeprefix(b"\xef\xbb\xbf"))
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))


def change(event: bytes, edit: Callable[[bytes], bytes]) -> bytes:
    """Return the event with its data edited; the bytes around it stay."""
    data = data_of(event)
    if data not in event:  # spread over several lines
        return b"data: " + edit(data).replace(b"\n", b" ") + b"\n\n"
    return event.replace(data, edit(data), 1)
