"""An account is deleted by its page while all that it has is in use, at an installation with two server processes."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from tests.peers.upstream import Upstream
from tests.serving import Server
from tests.visitor import Visitor

MODEL, WORDS = "drip:0.1", "word " * 600
PASSWORD = "a long passphrase of hers"
STREAMS, LOOKS = 12, 20  # enough that both processes have some
DEAD, CUT = 1.0, 5.0  # seconds, as promised
EVENT = re.compile(rb"data: (\{.*\})\s*$")


@dataclass
class Account:
    """What one account has."""

    name: str
    browsers: list[Visitor]
    key: str
    token: str


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Upstream() as upstream, Server(workers=2, TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8") as running:
        running.manage("channel", "add", "main", "--base-url", upstream.url, "--models", MODEL)
        running.manage("price", "set", MODEL, "--input", "1", "--output", "2", "--max-output", "4096")
        yield running


def account(server: Server, name: str) -> Account:
    server.manage(
        "user", "create", name, "--email", f"{name}@example.com", "--credit", "5", "--password-stdin", stdin=PASSWORD
    )
    key = json.loads(server.manage("key", "create", name, "laptop", "--json"))["key"]
    token = json.loads(server.manage("token", "create", name, "--json"))["token"]
    browsers = [Visitor(server.url) for _ in range(3)]
    assert [browser.sign_in(name, PASSWORD).status_code for browser in browsers] == [302] * 3
    return Account(name, browsers, key, token)


class Stream:
    """A call that is read to its end; `ended` is when that was."""

    def __init__(self, server: Server, key: str) -> None:
        self.begun, self.ended, self.tail = threading.Event(), 0.0, b""
        self._url, self._key = f"{server.url}/v1/chat/completions", key

    def read(self) -> None:
        body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": WORDS}]}
        headers = {"Authorization": f"Bearer {self._key}"}
        with requests.post(self._url, json=body, headers=headers, stream=True, timeout=60) as answer:
            for piece in answer.iter_content(None):
                self.begun.set()
                self.tail = (self.tail + piece)[-1000:]
        self.ended = time.monotonic()


def dead(doors: dict[str, Callable[[], int]]) -> dict[str, set[int]]:
    """Return what each door answers, over many looks."""
    return {name: {door() for _ in range(LOOKS)} for name, door in doors.items()}


@pytest.mark.req("L3")
def test_all_that_opens_is_dead_within_a_second_and_streams_within_five(server):
    gone, other = account(server, "ann"), account(server, "olu")
    streams = [Stream(server, gone.key) for _ in range(STREAMS)]
    with ThreadPoolExecutor(STREAMS) as readers:
        reading = [readers.submit(stream.read) for stream in streams]
        assert all(stream.begun.wait(30) for stream in streams)
        doors = _doors(server, gone)
        assert dead(doors) == {"session": {200}, "key": {200}, "token": {200}}
        asked = gone.browsers[0].post("/settings/delete/", username="ann")
        over = time.monotonic()
        assert asked.headers["Location"] == "/accounts/deleted/"
        time.sleep(max(0.0, over + DEAD - time.monotonic()))
        assert dead(doors) == {"session": {302}, "key": {401}, "token": {401}}
        for each in reading:
            each.result(30)
    assert max(stream.ended for stream in streams) - over < CUT
    for stream in streams:
        found = EVENT.search(stream.tail)
        assert found, stream.tail
        assert json.loads(found[1])["error"]["code"] == "invalid_api_key"
    assert dead(_doors(server, other)) == {"session": {200}, "key": {200}, "token": {200}}
    _exact(server)


def _exact(server: Server) -> None:
    """Fail unless the books are those of the one account that is left."""
    ids = server.query("SELECT id, username FROM accounts_user")
    assert [name for _, name in ids] == ["olu"]
    for table, column in (
        ("wallet_wallet", "user_id"),
        ("wallet_hold", "wallet_id"),
        ("wallet_ledgerentry", "wallet_id"),
        ("usage_calllog", "user_id"),
        ("usage_hourlyusage", "user_id"),
    ):
        assert {owner for (owner,) in server.query(f"SELECT {column} FROM {table}")} <= {ids[0][0]}, table
    server.manage("wallet", "verify")
    assert "Traceback" not in server.log


def _doors(server: Server, account: Account) -> dict[str, Callable[[], int]]:
    """Return what opens with each thing that an account has; each request is a connection of its own."""

    def bearer(path: str, secret: str) -> int:
        headers = {"Authorization": f"Bearer {secret}", "Connection": "close"}
        return requests.get(server.url + path, headers=headers, timeout=30).status_code

    return {
        "session": lambda: account.browsers[1].get("/overview/").status_code,
        "key": lambda: bearer("/v1/models", account.key),
        "token": lambda: bearer("/api/account", account.token),
    }
