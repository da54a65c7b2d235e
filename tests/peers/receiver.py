"""Receivers of notifications on a free loopback port, which keep every byte that comes.

    with Receiver() as receiver:
        receiver.url                 # http://127.0.0.1:PORT
        receiver.last.target         # the path and query of the newest request, exactly as it stood in its first line
        receiver.answer = reply(503) # what is answered from now on

`Gotify` and `Bark` answer as those servers do, and take nothing that those would not take.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Self
from urllib.parse import parse_qs, unquote

Answer = Callable[[BaseHTTPRequestHandler, "Received"], None]


@dataclass(frozen=True, slots=True)
class Received:
    """One request; `headers` in their order, with their names as they were written."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the one value of a header; empty where it was not sent."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, f"{name} was sent twice"
        return found[0] if found else ""


def reply(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer like this, whatever comes."""

    def answer(handler: BaseHTTPRequestHandler, _received: Received) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drip(seconds: float, *, pause: float = 0.02, headers: bool = False) -> Answer:
    """Answer a byte at a time, within the headers or the body, for so long."""

    def answer(handler: BaseHTTPRequestHandler, _received: Received) -> None:
        end = time.monotonic() + seconds
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: " if headers else b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while time.monotonic() < end:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(pause)  # it is the receiver that dawdles
        except OSError:
            return

    return answer


class Receiver:
    """Serves in threads of its own, from `with` to the end of it."""

    def __init__(self, context: SSLContext | None = None) -> None:
        self.answer: Answer = reply(200)
        self.requests: list[Received] = []
        self._context = context

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if self._context:
            self._server.socket = self._context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self.url = f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def last(self) -> Received:
        """The newest request."""
        return self.requests[-1]


class Gotify(Receiver):
    """Takes messages as Gotify does (https://gotify.net/api-docs, POST /message)."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.shown: list[dict[str, object]] = []
        self.answer = self._take

    def _take(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        status, said = self._judge(received)
        reply(status, json.dumps(said).encode(), Content_Type="application/json")(handler, received)

    def _judge(self, received: Received) -> tuple[int, dict[str, object]]:
        if (received.method, received.target) != ("POST", "/message"):
            return 404, {"error": "Not Found", "errorCode": 404, "errorDescription": "page not found"}
        if received.header("X-Gotify-Key") != self.token:
            wrong = "you need to provide a valid access token or user credentials to access this api"
            return 401, {"error": "Unauthorized", "errorCode": 401, "errorDescription": wrong}
        if received.header("Content-Type") != "application/json":
            return 400, {"error": "Bad Request", "errorCode": 400, "errorDescription": "no JSON"}
        said = json.loads(received.body)
        if not isinstance(said.get("message"), str) or not said["message"] or not 0 <= said["priority"] <= 10:
            return 400, {"error": "Bad Request", "errorCode": 400, "errorDescription": "Field 'message' is required"}
        self.shown.append(said)
        return 200, {"id": len(self.shown), "appid": 1, "date": "2026-11-25T12:00:00Z", **said}


class Bark(Receiver):
    """Takes messages as Bark's server does (GET /key/title/body, with level, group and sound)."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.shown: list[dict[str, str]] = []
        self.answer = self._take

    def _take(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        status, text = self._judge(received)
        said = json.dumps({"code": status, "message": text, "timestamp": 1764072000})
        reply(status, said.encode(), Content_Type="application/json")(handler, received)

    def _judge(self, received: Received) -> tuple[int, str]:
        path, _mark, query = received.target.partition("?")
        _root, *segments = path.split("/")
        if received.method != "GET" or len(segments) != 3:
            return 404, f"Cannot {received.method} {path}"
        key, title, body = map(unquote, segments)
        if key != self.key:
            return 400, f"failed to get device token: failed to get [{key}] device token from database"
        options = {name: values[-1] for name, values in parse_qs(query, strict_parsing=bool(query)).items()}
        if options.get("level", "active") not in {"active", "timeSensitive", "passive", "critical"}:
            return 400, "bad level"
        self.shown.append({"title": title, "body": body, **options})
        return 200, "success"


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            target = self.requestline.split(" ")[1]  # self.path has lost double slashes
            length = int(self.headers["content-length"] or 0)
            received = Received(self.command, target, tuple(self.headers.items()), self.rfile.read(length))
            receiver.requests.append(received)
            receiver.answer(self, received)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 (names that the library calls)

        def log_message(self, *_arguments: object) -> None:
            """Be quiet."""

    return Handler
