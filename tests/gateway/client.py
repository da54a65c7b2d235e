"""An ASGI client without a server: one gate, its calls, and clients that leave when a test says so."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from gateway.handler import GateHandler
from gateway.runtime import Runtime

CHAT = "/v1/chat/completions"


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]

    @property
    def message(self) -> str:
        return self.json["error"]["message"]

    @property
    def events(self) -> list[bytes]:
        """The data of each event, comments left out."""
        lines = self.body.replace(b"\r\n", b"\n").split(b"\n\n")
        return [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")]

    @property
    def documents(self) -> list[Any]:
        return [json.loads(event) for event in self.events if event != b"[DONE]"]

    @property
    def text(self) -> str:
        deltas = [choice["delta"] for one in self.documents for choice in one.get("choices", ())]
        return "".join(delta.get("content") or "" for delta in deltas)


@dataclass
class Exchange:
    """One request under way."""

    app: Any
    scope: dict[str, Any]
    incoming: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    sent: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0
    task: asyncio.Task[None] | None = None

    def start(self) -> "Exchange":
        self.reading.set()
        self.task = asyncio.create_task(self.app(self.scope, self._receive, self._send))
        return self

    def put(self, body: bytes, *, more: bool = False) -> None:
        self.incoming.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def _receive(self) -> dict[str, Any]:
        message = await self.incoming.get()
        self.received += len(message.get("body", b""))
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        self.sent.append(message)
        self.came.set()

    async def until(self, what: bytes, patience: float = 5) -> None:
        """Wait until the body so far holds these bytes."""
        async with asyncio.timeout(patience):
            while what not in self.body:
                self.came.clear()
                await self.came.wait()

    async def end(self, patience: float = 10) -> Answer:
        assert self.task
        async with asyncio.timeout(patience):
            await self.task
        return self.answer

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent if message["type"] == "http.response.body")

    @property
    def answer(self) -> Answer:
        if not self.sent:
            return Answer(0, {}, b"")
        start = self.sent[0]
        headers = {name.decode(): value.decode("latin1") for name, value in start["headers"]}
        return Answer(start["status"], headers, self.body)


@dataclass
class Gate:
    """A running gate, and one way to call it."""

    app: Any
    secret: str

    @property
    def runtime(self) -> Runtime:
        return self.app.runtime

    def open(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        key: str | None = "",
        client: tuple[str, int] | None = ("203.0.113.9", 1234),
        query: str = "",
    ) -> Exchange:
        given = {"content-type": "application/json", "host": "anything.example", **(headers or {})}
        if key is not None:
            given["authorization"] = f"Bearer {key or self.secret}"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin1")) for name, value in given.items()],
            "client": client,
            "server": ("127.0.0.1", 8000),
        }
        return Exchange(self.app, scope)

    def begin(self, body: Any, path: str = CHAT, **options: Any) -> Exchange:
        exchange = self.open("POST", path, **options)
        exchange.put(body if isinstance(body, bytes) else json.dumps(body).encode())
        return exchange.start()

    async def post(self, body: Any, path: str = CHAT, **options: Any) -> Answer:
        answer = await self.begin(body, path, **options).end()
        await self.settled()
        return answer

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        exchange = self.open(method, path, **options)
        exchange.put(b"")
        return await exchange.start().end()

    async def settled(self) -> None:
        """Wait until every settlement and note is committed."""
        await self.runtime.batcher.drain()


@asynccontextmanager
async def gate(secret: str = "") -> AsyncIterator[Gate]:
    app = GateHandler()
    await app.start()
    try:
        yield Gate(app, secret)
    finally:
        await app.stop()


def chat(model: str = "ok", content: str = "tell me a story", **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content}], **fields}


async def aside(verb: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Run a verb that queries in another thread, and leave no connection there."""

    def work() -> Any:
        try:
            return verb(*arguments, **options)
        finally:
            connection.close()

    return await asyncio.to_thread(work)
