"""Clients that ask for a stream without end and read nothing of it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench.processes import of_group, pss_mb
from tests.chaos.client import ask
from tests.peers.upstream import Upstream
from tests.serving import Server

CLIENTS = 30
LEAST_MB = 1.0  # of memory for each, as promised
PIPES_MB = 20.0  # what the kernel may hold of each: the buffers of two sockets on either hop, outside of the process
STILL_S = 3.0


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def server(upstream: Upstream) -> Iterator[Server]:
    with Server(TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8") as running:
        running.manage("group", "set", "default", "--streams", "0")
        running.manage("channel", "add", "main", "--base-url", upstream.url, "--models", "endless,ok")
        for model in ("endless", "ok"):
            running.manage("price", "set", model, "--input", "0.01", "--output", "0.01", "--max-output", "4096")
        yield running


def memory(server: Server) -> float:
    assert server.process
    return pss_mb(of_group(server.process.pid))


def deaf(server: Server, key: str) -> socket.socket:
    """Ask for the stream, and read nothing."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    body = json.dumps({"model": "endless", "stream": True, "messages": [{"role": "user", "content": "go on"}]})
    head = ["POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: Bearer {key}"]
    head += ["content-type: application/json", f"content-length: {len(body)}"]
    client.sendall("\r\n".join([*head, "", body]).encode())
    return client


@pytest.mark.req("N7")
def test_a_client_that_does_not_read_costs_little_memory_and_disturbs_nobody(server, upstream):
    server.manage("user", "create", "ann", "--email", "ann@example.com", "--credit", "50")
    key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
    assert ask(server.port, key, model="ok", stream=True).status == 200  # all that is loaded once
    before = memory(server)
    with ExitStack() as open_ones:
        for _ in range(CLIENTS):
            open_ones.enter_context(deaf(server, key))
        deadline = time.monotonic() + 60
        while upstream.open < CLIENTS or not still(upstream):
            assert time.monotonic() < deadline, "nothing holds the upstream back"
        assert upstream.sent < CLIENTS * PIPES_MB * 2**20
        assert memory(server) - before < CLIENTS * LEAST_MB
        began = time.monotonic()
        assert ask(server.port, key, model="ok").status == 200
        assert time.monotonic() - began < 2
    deadline = time.monotonic() + 30
    while server.query("SELECT count(*) FROM wallet_hold") != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    server.manage("wallet", "verify")


def still(upstream: Upstream) -> bool:
    """Return whether the upstream gets nothing off its hands any more."""
    sent = upstream.sent
    time.sleep(STILL_S)
    return upstream.sent == sent
