"""What a whole installation writes to its log while everything that people can name is hostile: JSON lines only."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.peers.upstream import Upstream
from tests.serving import Server
from tests.visitor import Visitor

FORGED = '{"time": "x", "level": "error", "logger": "forged", "message": "forged"}'
HOSTILE = f"evil\r\n{FORGED}\r\n\x1b[2J\x1b]0;x\x07\u2028{FORGED}\u2029\u202e\x85\x9b1m\x7f end"
PASSWORD = "a long passphrase of hers"
GREETING = re.compile(r"Tollgate \S+ runs at \S+ \(Ctrl-C ends it\)|There is no account yet\. .*|http://\S+/setup/\S+")
SETUP = """
import json, sys
from accounts.models import Job, User
from gateway.models import Channel
hostile = json.loads(sys.stdin.read())
Channel.objects.filter(name="main").update(name=hostile[:60])
user = User.objects.get(username="ann")
User.objects.filter(pk=user.pk).update(first_name=hostile[:60])
Job.objects.create(user=user, kind=hostile[:80] + ".verb", params={})
"""


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Upstream() as upstream, Server(TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8", TOLLGATE_LOG_LEVEL="DEBUG") as running:
        running.manage(
            *("user", "create", "ann", "--email", "ann@example.com", "--credit", "5", "--password-stdin"),
            stdin=PASSWORD,
        )
        running.manage("channel", "add", "main", "--base-url", upstream.url, "--models", "cut-before,ok")
        for model in ("cut-before", "ok"):
            running.manage("price", "set", model, "--input", "1", "--output", "2", "--max-output", "4096")
        running.manage("shell", "-c", SETUP, stdin=json.dumps(HOSTILE))
        running.restart()
        yield running


def lines(server: Server) -> list[dict[str, Any]]:
    """Return every event of the log; what is no greeting must be one object of JSON in printable ASCII."""
    found = []
    for text in server.log_path.read_bytes().decode().split("\n"):
        if text and not GREETING.fullmatch(text):
            assert text.isascii()
            assert text.isprintable()
            event = json.loads(text)
            assert {"time", "level", "logger", "message"} <= set(event) <= {*event, "exception"}
            assert event["logger"] != "forged"
            found.append(event)
    return found


def told(server: Server, logger: str) -> list[str]:
    return [event["message"] + event.get("exception", "") for event in lines(server) if event["logger"] == logger]


def break_events(server: Server) -> None:
    """Let the database refuse each new event of an account with a text of ours."""
    text = HOSTILE.replace("'", "''")
    if server.database:
        body = f"BEGIN RAISE EXCEPTION '%', $t${text}$t$; END"
        server.execute(f"CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        server.execute("CREATE TRIGGER boom BEFORE INSERT ON security_event FOR EACH ROW EXECUTE FUNCTION boom()")
    else:
        server.execute(f"CREATE TRIGGER boom BEFORE INSERT ON security_event BEGIN SELECT RAISE(ABORT, '{text}'); END")


@pytest.mark.req("I13")
def test_a_failing_page_is_one_line_with_its_traceback(server: Server) -> None:
    break_events(server)
    try:
        browser = Visitor(server.url, **{"User-Agent": "ua \x85\x9b31m"})
        assert browser.sign_in("ann", PASSWORD).status_code == 500
    finally:
        server.execute("DROP TRIGGER boom" + (" ON security_event" if server.database else ""))
    wait_until(lambda: any(FORGED in text for text in told(server, "django.request")))
    (failed,) = [text for text in told(server, "django.request") if FORGED in text]
    assert "Traceback" in failed
    assert "\r\n" in failed


@pytest.mark.req("I13")
@pytest.mark.parametrize("host", ["evil\x1b[2J", "a\u202eb.example", "x" * 5000, "a_b<script>"])
def test_a_host_that_is_none_is_one_line(server: Server, host: str) -> None:
    before = len(lines(server))
    head = f"GET /wallet/%0d%0a%00%1b%e2%80%a8%ed%a0%80 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        raw.sendall(head.encode())
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400") or not answer
    if b"text/html" in answer:  # it came as far as Django, which logs it
        wait_until(lambda: len(lines(server)) > before)


@pytest.mark.req("I13")
def test_names_of_models_and_channels_stay_inside_their_line(server: Server) -> None:
    key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "ua \x85"}
    answers = []
    for model in ("cut-before", HOSTILE, "x" * 1_000_000, "a\x00b", "ok"):
        body = {"model": model, "messages": [{"role": "user", "content": HOSTILE}]}
        answers.append(requests.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60))
    assert [answer.status_code for answer in answers] == [502, 400, 400, 400, 200]
    wait_until(lambda: told(server, "gateway.relay"))
    assert all(HOSTILE[:60] in text for text in told(server, "gateway.relay"))


@pytest.mark.req("I13")
def test_the_worker_writes_lines_like_the_server(server: Server) -> None:
    wait_until(lambda: told(server, "accounts.jobs"))
    assert all("A job failed" in text for text in told(server, "accounts.jobs"))
    assert any(FORGED[:20] in text for text in told(server, "accounts.jobs"))


@pytest.mark.req("I13")
def test_a_key_that_is_garbage_and_a_path_that_is_none_write_nothing_else(server: Server) -> None:
    for path in ("/%0d%0aforged", "/accounts/login/?next=%0d%0a", "/v1/%0a", "/admin/%e2%80%a8/"):
        assert requests.get(server.url + path, timeout=20, headers={"Cookie": "a=\x1b"}).status_code < 500
    assert lines(server)


def test_pages_and_their_files_write_nothing(server: Server) -> None:
    page = requests.get(f"{server.url}/accounts/login/", timeout=20).text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {requests.get(server.url + path, timeout=20).status_code for path in files} == {200}
    assert told(server, "py.warnings") == []
