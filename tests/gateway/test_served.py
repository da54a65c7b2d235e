"""The gate behind the real server: real clients, raw sockets, and what only a server can spoil."""

import json
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from tests.peers.upstream import Upstream
from tests.serving import Server

MODELS = "ok,endless,drip:0.1,slow:30,status:400,status:500,cut,no-usage"


@dataclass
class Served:
    server: Server
    upstream: Upstream
    secret: str
    client: openai.OpenAI

    def rows(self, model: str) -> list[tuple[Any, ...]]:
        query = f"SELECT kind, status, charge, estimated FROM usage_calllog WHERE model = '{model}' ORDER BY id"
        return self.server.query(query)

    def row(self, model: str) -> tuple[Any, ...]:
        """The only row of the model, once it is there."""
        deadline = time.monotonic() + 10
        while not (found := self.rows(model)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (only,) = found
        return only

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=20)

    def head(self, size: int | None = None, path: str = "/v1/chat/completions") -> bytes:
        length = "transfer-encoding: chunked" if size is None else f"content-length: {size}"
        lines = [
            f"POST {path} HTTP/1.1",
            "host: whatever.example",
            f"authorization: Bearer {self.secret}",
            "content-type: application/json",
            length,
        ]
        return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Upstream() as upstream, Server(TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8", TOLLGATE_BODY_LIMIT="1000000") as server:
        server.manage("user", "create", "ann", "--email", "ann@example.com", "--credit", "50")
        secret = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
        server.manage("channel", "add", "main", "--base-url", upstream.url, "--models", MODELS)
        for model in MODELS.split(","):
            server.manage("price", "set", model, "--input", "1", "--output", "2", "--max-output", "4096")
        with openai.OpenAI(api_key=secret, base_url=f"{server.url}/v1", max_retries=0) as client:
            yield Served(server, upstream, secret, client)


def say(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_the_openai_client_gets_an_answer(served: Served) -> None:
    raw = served.client.chat.completions.with_raw_response.create(model="ok", messages=say("once upon a time"))
    answer = raw.parse()
    assert answer.choices[0].message.content == "once upon a time"
    assert answer.usage
    assert answer.usage.total_tokens == 120
    assert raw.headers["x-tollgate-charge-usd"] == "0.00014"
    assert raw.headers["x-request-id"].startswith("req_")
    assert ("ok", 200, 140_000) in [row[:3] for row in served.rows("ok")]


def test_the_openai_client_gets_a_stream(served: Served) -> None:
    stream = served.client.chat.completions.create(
        model="ok", messages=say("one two three"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "one two three"
    usage = chunks[-1].usage
    assert usage
    assert usage.prompt_tokens == 100
    assert usage.model_extra == {"cost": 0.00014}


def test_the_openai_client_understands_refusals(served: Served) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        served.client.chat.completions.create(model="nobody", messages=say("x"))
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        served.client.models.list(extra_headers={"authorization": "Bearer sk-tg-wrong"})
    with pytest.raises(openai.InternalServerError):
        served.client.chat.completions.create(model="status:500", messages=say("x"))
    with pytest.raises(openai.BadRequestError, match="says 400"):
        served.client.chat.completions.create(model="status:400", messages=say("x"))


def test_the_openai_client_is_told_of_a_broken_stream(served: Served) -> None:
    stream = served.client.chat.completions.create(model="cut", messages=say("one two three four"), stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)


def test_the_openai_client_lists_models(served: Served) -> None:
    names = {model.id for model in served.client.models.list()}
    assert set(MODELS.split(",")) <= names
    assert served.client.models.retrieve("drip:0.1").id == "drip:0.1"


def test_curl_gets_an_answer(served: Served) -> None:
    body = json.dumps({"model": "ok", "messages": say("hi")})
    headers = ["-H", f"Authorization: Bearer {served.secret}", "-H", "Content-Type: application/json"]
    command = ["curl", "-sS", f"{served.server.url}/v1/chat/completions", *headers, "-d", body]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] == "hi"


@pytest.mark.req("N5")
def test_a_body_without_a_length_is_cut_off(served: Served) -> None:
    with served.connect() as raw:
        raw.sendall(served.head())
        sent = 0
        try:
            for _ in range(100):
                raw.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        except ConnectionError:
            pass
        assert sent < 100 * 0x10000 or b" 413 " in raw.recv(4096)


@pytest.mark.req("N5")
def test_an_announced_body_is_refused_at_once(served: Served) -> None:
    with served.connect() as raw:
        raw.sendall(served.head(300 * 2**20))
        assert b" 413 " in raw.recv(4096).split(b"\r\n")[0]


@pytest.mark.req("N5")
def test_a_form_beyond_its_limit_is_refused_before_django_keeps_it(served: Served) -> None:
    with served.connect() as raw:
        raw.sendall(served.head(300 * 2**20, path="/accounts/login/").replace(b"whatever.example", b"localhost"))
        assert b" 413 " in raw.recv(4096).split(b"\r\n")[0]


@pytest.mark.req("M6")
@pytest.mark.parametrize("linger", [None, struct.pack("ii", 1, 0)], ids=["FIN", "RST"])
def test_a_client_that_leaves_stops_the_upstream(served: Served, linger: bytes | None) -> None:
    before, count = served.upstream.left, len(served.rows("endless"))
    body = json.dumps({"model": "endless", "stream": True, "messages": say("go on")}).encode()
    raw = served.connect()
    raw.sendall(served.head(len(body)) + body)
    assert b" 200 " in raw.recv(4096)
    if linger:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    raw.close()
    deadline = time.monotonic() + 10
    while served.upstream.left == before or len(served.rows("endless")) == count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kind, status, charge, estimated = served.rows("endless")[-1]
    assert (kind, status, bool(estimated)) == ("ok", 499, True)
    assert charge > 0


@pytest.mark.req("M6")
def test_a_client_that_leaves_before_the_first_byte_stops_the_upstream(served: Served) -> None:
    before = served.upstream.left
    body = json.dumps({"model": "slow:30", "messages": say("go on")}).encode()
    raw = served.connect()
    raw.sendall(served.head(len(body)) + body)
    deadline = time.monotonic() + 10
    while not served.upstream.open:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    raw.close()
    kind, status, _, estimated = served.row("slow:30")
    assert (kind, status, bool(estimated)) == ("ok", 499, True)
    while served.upstream.left == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_connections_are_kept(served: Served) -> None:
    body = json.dumps({"model": "ok", "messages": say("again")}).encode()
    with served.connect() as raw:
        for _ in range(3):
            raw.sendall(served.head(len(body)) + body)
            answer = b""
            while b'"again"' not in answer:
                answer += raw.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.req("K3")
def test_the_servers_log_names_no_client_and_no_key(served: Served) -> None:
    assert served.secret not in served.server.log
    assert "ann@example.com" not in served.server.log
    host = urlsplit(served.server.url).hostname
    lines = [line for line in served.server.log.splitlines() if "127.0.0.1" in line and "http://" not in line]
    assert host == "localhost"
    assert lines == []


def test_the_books_add_up(served: Served) -> None:
    served.server.manage("wallet", "verify")
    assert served.server.query("SELECT count(*) FROM wallet_hold") == [(0,)]
