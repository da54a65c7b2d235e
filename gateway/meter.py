"""Reads what passes in a stream: how much text, which usage, and whether the answer is complete."""

from typing import Any

import orjson

from common import strictjson
from gateway import costs, sse
from gateway.http import ApiCall
from gateway.relay import Cut

Document = dict[str, Any]


class Meter:
    """Lets events through as they are and holds back the end: the chunk with the usage, and [DONE]."""

    def __init__(self, call: ApiCall) -> None:
        """Measure the answer to `call`."""
        self._format = call.known_format
        self._wants_usage = call.known_request.wants_usage
        self._splitter = sse.Splitter()
        self._held: list[tuple[bytes, Document]] = []
        self._done = b""
        self._complete = False
        self.seen = 0  # bytes of text
        self.usage: Document | None = None

    def feed(self, piece: bytes) -> bytes:
        """Return what the client gets now of what this piece completes. Raises Cut for an upstream's error event."""
        return b"".join([self._take(event) for event in self._splitter.feed(piece)])

    def end(self) -> None:
        """Take what the upstream ended with. Raises Cut if that was no end."""
        if rest := self._splitter.end().strip():
            self._take(rest + b"\n\n")
        if not self._complete:
            raise Cut("the stream ended in the middle")

    def rest(self, charge: int) -> bytes:
        """Return what was held back, the usage with `charge` nano-USD as its cost, or without it if nobody asked."""
        return b"".join([self._last(event, document, charge) for event, document in self._held]) + self._done

    def _take(self, event: bytes) -> bytes:
        data = sse.data_of(event)
        if data == sse.DONE:
            self._done, self._complete = event, True
            return b""
        document = _document(data)
        if document is None:
            return event
        choices = document.get("choices")
        choices = choices if isinstance(choices, list) else []
        if "error" in document and not choices:
            raise Cut("the upstream sent an error event")
        self.seen += self._format.seen(document)
        ended = any(_ended(choice) for choice in choices)
        self._complete |= ended
        usage = document.get("usage")
        if isinstance(usage, dict):
            self.usage = usage
            if ended or not choices:
                self._complete = True
                self._held.append((event, document))
                return b""
            event = self._running(event, usage)
        return self._overtaken() + event if self._held else event

    def _overtaken(self) -> bytes:
        """Return what was held back for the end, and was not the end."""
        held, self._held = self._held, []
        return b"".join([self._running(event, document["usage"]) for event, document in held])

    def _running(self, event: bytes, usage: Document) -> bytes:
        """Return an event that tells the usage so far, as some upstreams' all do."""
        if self._wants_usage:
            return sse.change(event, lambda data: costs.removed(data, usage))
        return sse.change(event, lambda data: strictjson.remove(data, costs.USAGE))

    def _last(self, event: bytes, document: Document, charge: int) -> bytes:
        if self._wants_usage:
            return sse.change(event, lambda data: costs.replaced(data, document["usage"], charge))
        return self._running(event, document["usage"]) if document.get("choices") else b""


def _document(data: bytes) -> Document | None:
    """Return a JSON object, None for anything else: it passes as it is."""
    if not data:
        return None
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _ended(choice: Any) -> bool:
    return isinstance(choice, dict) and choice.get("finish_reason") is not None
