"""The built-in upstream that answers without a network.

`sandbox-echo` repeats the question, `sandbox-slow` does so at the pace of a slow model.
A token is up to four characters and the blanks before them. The prompt counts every message, those before the last one
as cached; `reasoning_effort` adds reasoning tokens. The same call always costs the same.
"""

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.exchange import PIECE, Answer, Order
from gateway.routing import Candidate

NAME = "sandbox"
ECHO, SLOW = "sandbox-echo", "sandbox-slow"
MODELS = (ECHO, SLOW)
PACE = 0.02  # seconds for each token of sandbox-slow
PER_MESSAGE = 4  # tokens that frame a message
MOST_COPIES = 128  # as OpenAI's
REASONING = 8  # tokens, where reasoning_effort is given
SILENCE = "Hello from the sandbox."  # the answer to no words at all
TOKEN = re.compile(r"\s*\S{1,4}|\s+$")
BOUNDS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sandbox says: `copies` times these tokens, ended by `finish`, and the usage."""

    model: str
    tokens: tuple[str, ...]
    finish: str
    copies: int
    usage: dict[str, Any]


class Stream:
    """Events one after the other, at the pace of the model."""

    def __init__(self, events: Iterator[bytes], pace: float) -> None:
        self._events, self._pace = events, pace
        self._rest = b""

    async def read(self) -> bytes:
        """Return the next event, at most PIECE bytes of it; empty at the end."""
        if not self._rest:
            await asyncio.sleep(self._pace)
            self._rest = next(self._events, b"")
        piece, self._rest = self._rest[:PIECE], self._rest[PIECE:]
        return piece

    def close(self) -> None:
        """Stop: there is nothing more to read."""
        self._events, self._rest = iter(()), b""


async def ask(order: Order, candidate: Candidate) -> Answer:
    """Return the sandbox's answer to a chat completion, in OpenAI's shape."""
    payload = orjson.loads(order.body(candidate, True))  # noqa: FBT003 - the signature is a Callable's
    reply = _reply(payload)
    pace = PACE if candidate.upstream_model == SLOW else 0.0
    if order.stream:
        wants_usage = (payload.get("stream_options") or {}).get("include_usage", False)
        source = Stream(_events(reply, wants_usage=wants_usage), pace)
        return Answer(200, {"content-type": "text/event-stream"}, candidate, source=source)
    await asyncio.sleep(pace * len(reply.tokens))
    document = _document(reply)
    return Answer(200, {"content-type": "application/json"}, candidate, body=orjson.dumps(document), document=document)


def _reply(payload: dict[str, Any]) -> Reply:
    texts = [_text(message) for message in payload.get("messages") or []]
    prompt = [PER_MESSAGE + len(TOKEN.findall(text)) for text in texts]
    asked = next((text for text in reversed(texts) if text), SILENCE)
    bound = min((payload[name] for name in BOUNDS if isinstance(payload.get(name), int)), default=None)
    room = max(0, bound) if bound is not None else None
    thought = REASONING if payload.get("reasoning_effort") else 0
    thought = thought if room is None else min(thought, room)
    tokens = TOKEN.findall(asked)
    said = tuple(tokens if room is None else tokens[: room - thought])
    copies = min(payload.get("n") or 1, MOST_COPIES)
    output = (len(said) + thought) * copies
    usage = {
        "prompt_tokens": sum(prompt),
        "completion_tokens": output,
        "total_tokens": sum(prompt) + output,
        "prompt_tokens_details": {"cached_tokens": sum(prompt[:-1])},
        "completion_tokens_details": {"reasoning_tokens": thought * copies},
    }
    return Reply(str(payload.get("model", "")), said, "stop" if len(said) == len(tokens) else "length", copies, usage)


def _text(message: Any) -> str:
    """Return the words of a message, whatever its shape."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _document(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(reply.tokens)}
    choices = [{"index": index, "message": message, "finish_reason": reply.finish} for index in range(reply.copies)]
    return {**_frame(reply, "chat.completion"), "choices": choices, "usage": reply.usage}


def _events(reply: Reply, *, wants_usage: bool) -> Iterator[bytes]:
    frame = _frame(reply, "chat.completion.chunk")

    def event(index: int, delta: dict[str, str], finish: str | None = None) -> bytes:
        return _event({**frame, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]})

    for index in range(reply.copies):
        yield event(index, {"role": "assistant", "content": ""})
    for token, index in itertools.product(reply.tokens, range(reply.copies)):
        yield event(index, {"content": token})
    for index in range(reply.copies):
        yield event(index, {}, reply.finish)
    if wants_usage:
        yield _event({**frame, "choices": [], "usage": reply.usage})
    yield b"data: [DONE]\n\n"


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"


def _frame(reply: Reply, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-sandbox", "object": kind, "created": 0, "model": reply.model}
