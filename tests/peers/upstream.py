"""A real OpenAI-compatible upstream on a free loopback port that misbehaves on request.

    with Upstream() as upstream:
        upstream.url            # http://127.0.0.1:PORT/v1, the base URL of a channel
        upstream.requests       # everything it was asked: method, path, headers, body, model
        upstream.behavior = ""  # set it (or Upstream(behavior=…)) to overrule the model's name

The behavior is the model's name in the request, "name" or "name:argument"; any other name is `ok`.

| name            | what it does |
|-----------------|--------------|
| ok              | echoes the last user message; exact usage, the same whether streamed or not |
| no-usage        | no usage anywhere |
| usage-null      | "usage": null on every chunk, then the true usage chunk |
| usage-only-null | "usage": null on every chunk and never a number |
| usage-running   | a growing usage on every chunk, the true one last |
| usage-negative, usage-huge, usage-zero, usage-text | usage that lies |
| cost:0.00123    | its own usage.cost (any decimal, negative too) |
| slow:S          | S seconds before the first byte |
| drip:S          | S seconds before every chunk |
| gap:S           | half of the answer, S seconds of silence, the rest |
| cut-before      | closes the connection before the first byte |
| cut-headers     | sends status and headers, then closes |
| cut             | sends half of the answer, then closes |
| html            | 200 with an HTML page |
| broken          | 200 with JSON that ends in the middle, though its length is right |
| array           | 200 with JSON that is no object |
| empty           | 200 without a body |
| no-done         | a stream that ends without [DONE] |
| error-event     | a stream whose only event is an error |
| redirect        | 302 to /v1/elsewhere |
| bound-400       | 400 naming the field of the output bound if the body has one, else ok |
| status:N        | an error of that status, OpenAI-shaped; status:429:7 adds Retry-After: 7 |
| deaf, deaf:S    | (attribute only) never reads the body, never answers, or drops the connection after S seconds |
| endless         | a stream without end, as fast as it is read (`sent` counts the bytes) |
| odd             | ok, with the events torn at odd byte boundaries |
| crlf            | ok, with CRLF line ends |
| big:N           | ok, with N KiB of text in every event |
| comments        | ok, with SSE comments between the events |
| gzip            | ok, compressed although nobody asked for it |
"""

import asyncio
import datetime
import gzip
import ssl
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.peers.oddities import BOUND_FIELDS, ODDITIES

USAGE: dict[str, Any] = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
LIES: dict[str, Any] = {
    "usage-negative": {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    "usage-huge": {"prompt_tokens": 10**15, "completion_tokens": 10**15, "total_tokens": 2 * 10**15},
    "usage-zero": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "usage-text": {"prompt_tokens": "many", "completion_tokens": None, "total_tokens": [1]},
}
ODD_SIZES = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    model: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Upstream:
    """The server, in a thread with a loop of its own, from `with` to the end of it."""

    def __init__(self, *, behavior: str = "", usage: dict[str, Any] | None = None, tls: bool = False) -> None:
        self.behavior = behavior
        self.usage = usage or USAGE
        self.requests: list[Seen] = []
        self.sent = 0  # bytes of `endless`
        self.left = 0  # answers that the client did not wait for
        self.open = 0  # answers under way
        self.most_open = 0
        self.url = ""
        self._tls = tls
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the upstream of the tests did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the upstream of the tests did not end"

    @property
    def last(self) -> Seen:
        """The newest request."""
        return self.requests[-1]

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self_signed() if self._tls else None)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}/v1"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await self._behave(request)
        except asyncio.CancelledError:
            self.left += 1
            raise
        except ConnectionError:  # nobody is there to be answered
            self.left += 1
            return web.Response()
        finally:
            self.open -= 1

    async def _behave(self, request: web.Request) -> web.StreamResponse:
        if self.behavior.startswith("deaf"):
            self._note(request, b"")
            await asyncio.sleep(float(self.behavior.partition(":")[2] or 3600))
            assert request.transport
            request.transport.abort()
            return web.Response()
        body = await request.read()
        payload = orjson.loads(body) if body else {}
        self._note(request, body, payload.get("model", ""))
        if request.path.endswith("/models"):
            return web.json_response({"object": "list", "data": [{"id": "ok", "object": "model"}]})
        name, _, argument = (self.behavior or payload.get("model", "")).partition(":")
        if name in ODDITIES:
            return await ODDITIES[name](self, request, payload, argument)
        return await self.reply(request, payload, name, argument)

    def _note(self, request: web.Request, body: bytes, model: str = "") -> None:
        headers = {key.lower(): value for key, value in request.headers.items()}
        self.requests.append(Seen(request.method, request.path_qs, headers, body, model))

    async def reply(
        self, request: web.Request, payload: Any, name: str = "ok", argument: str = ""
    ) -> web.StreamResponse:
        """Answer as an upstream should, but for what `name` spoils."""
        pieces = (
            self._stream(payload, name, argument) if payload.get("stream") else [self._whole(payload, name, argument)]
        )
        headers = {"Content-Type": "text/event-stream" if payload.get("stream") else "application/json"}
        if name == "gzip":
            pieces, headers["Content-Encoding"] = [gzip.compress(b"".join(pieces))], "gzip"
        if not payload.get("stream"):
            headers["Content-Length"] = str(sum(map(len, pieces)))
        if name in {"odd", "gap", "cut"} and len(pieces) == 1:
            middle = len(pieces[0]) // 2
            pieces = [pieces[0][:middle], pieces[0][middle:]]
        if name == "slow":
            await asyncio.sleep(float(argument))
        response = web.StreamResponse(headers={**headers, "X-Upstream": "test", "Set-Cookie": "tracking=1"})
        await response.prepare(request)
        async for piece in self._paced(pieces, name, argument):
            await response.write(piece)
        if name == "cut":
            assert request.transport
            request.transport.close()
        return response

    async def _paced(self, pieces: list[bytes], name: str, argument: str) -> AsyncIterator[bytes]:
        if name == "odd":
            pieces = tear(b"".join(pieces))
        if name == "cut":
            pieces = pieces[: len(pieces) // 2]
        for index, piece in enumerate(pieces):
            if name == "drip" or (name == "gap" and index == len(pieces) // 2):
                await asyncio.sleep(float(argument))
            yield piece

    def _usage(self, payload: Any, name: str, argument: str) -> Any:
        if name in LIES:
            return LIES[name]
        bound = min(
            (payload[field] for field in BOUND_FIELDS if payload.get(field)), default=self.usage["completion_tokens"]
        )
        output = min(bound, self.usage["completion_tokens"])
        usage = {**self.usage, "completion_tokens": output, "total_tokens": self.usage["prompt_tokens"] + output}
        if "completion_tokens_details" in usage:
            reasoning = min(output, usage["completion_tokens_details"]["reasoning_tokens"])
            usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
        return {**usage, "cost": float(argument)} if name == "cost" else usage

    def _whole(self, payload: Any, name: str, argument: str) -> bytes:
        choice = {"index": 0, "message": {"role": "assistant", "content": said(payload)}, "finish_reason": "stop"}
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": payload.get("model"),
            "choices": [choice],
        }
        if name == "usage-only-null":
            return orjson.dumps({**answer, "usage": None})
        return orjson.dumps(answer if name == "no-usage" else {**answer, "usage": self._usage(payload, name, argument)})

    def _stream(self, payload: Any, name: str, argument: str) -> list[bytes]:
        """Return the events of the answer: role, one for each word, the end, usage if asked for, [DONE]."""
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": payload.get("model")}
        words = said(payload).split(" ")
        texts = [word if index == 0 else f" {word}" for index, word in enumerate(words)]
        if name == "big":
            texts = ["x" * (int(argument) * 1024)] * 3
        deltas = [{"role": "assistant", "content": ""}, *({"content": text} for text in texts), {}]
        chunks: list[dict[str, Any]] = [
            {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}]}
            for delta in deltas
        ]
        usage = self._usage(payload, name, argument)
        if name in {"usage-null", "usage-only-null"}:
            chunks = [{**chunk, "usage": None} for chunk in chunks]
        if name == "usage-running":
            chunks = [{**chunk, "usage": {**usage, "completion_tokens": index}} for index, chunk in enumerate(chunks)]
        wanted = (payload.get("stream_options") or {}).get("include_usage")
        if wanted and name not in {"no-usage", "usage-only-null"}:
            chunks.append({**base, "choices": [], "usage": usage})
        end = b"\r\n\r\n" if name == "crlf" else b"\n\n"
        events = [b"data: " + orjson.dumps(chunk) + end for chunk in chunks]
        if name == "comments":
            events = [part for event in events for part in (b": processing\n\n", event)]
        return events if name == "no-done" else [*events, b"data: [DONE]" + end]


def said(payload: Any) -> str:
    """Return the text of the last user message: a marker by which every caller knows its own answer."""
    for message in reversed(payload.get("messages") or []):
        if message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
    return "hello"


def tear(body: bytes) -> list[bytes]:
    """Return the same bytes in pieces of odd sizes, so that no event arrives whole."""
    cuts = [0]
    while cuts[-1] < len(body):
        cuts.append(cuts[-1] + ODD_SIZES[len(cuts) % len(ODD_SIZES)])
    return [body[start:end] for start, end in pairwise(cuts)]


def self_signed() -> ssl.SSLContext:
    """Return a server context with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(pem)
        context.load_cert_chain(file.name)
    return context
