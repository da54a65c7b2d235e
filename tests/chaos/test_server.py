"""A whole installation, hit while it works: killed, ended, without its database, without room on its disk."""

import random
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.conf import settings

from bench.processes import of_group
from tests.chaos.client import ask, customer
from tests.peers.postgres import Cluster
from tests.scale import scaled
from tests.serving import Server

BEAT = "0.5"  # seconds, a tenth of the default, so that the minute of a dead worker is six seconds
SWEPT_SECONDS = 30  # six of them are the worker's silence; the rest is a busy machine's
CALLERS = 20
ROUNDS = scaled(20, least=1)  # 10 on each store at full size, more than the promise
needs_postgres = pytest.mark.skipif(settings.SQLITE, reason="belongs to the run on PostgreSQL")
HOLDS = "SELECT count(*) FROM wallet_hold"


def wait_until(true, *, seconds, why):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, why
        time.sleep(0.1)


def no_hold_is_left(server):
    return server.query(HOLDS) == [(0,)]


def charged(server, calls):
    """Return which of these calls have a paid row."""
    rows = server.query("SELECT id FROM usage_calllog WHERE kind = 'ok'")
    return calls & {call for (call,) in rows}


@pytest.fixture(scope="module")
def server():
    with Server(TOLLGATE_BEAT=BEAT) as running:
        running.manage("group", "set", "default", "--streams", "0")  # those of the dead count until they are swept
        yield running


@pytest.fixture(scope="module")
def key(server):
    return customer(server)


@pytest.mark.req("M5", "N9", "M10")
def test_kill_9_in_mid_stream_loses_nothing_and_leaves_no_hold(server, key):
    draw = random.Random(7)
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(CALLERS) as callers:
            asked = [
                callers.submit(
                    ask, server.port, key, model=draw.choice(["sandbox-slow", "sandbox-echo"]), stream=streamed
                )
                for streamed in [True, False] * CALLERS
            ]
            time.sleep(draw.uniform(0.2, 1.2))
            server.kill9()
            seen = [call.result() for call in asked]
        server.start()
        delivered = {call.call for call in seen if call.status == 200 and call.whole}
        assert charged(server, delivered) == delivered
        wait_until(lambda: no_hold_is_left(server), seconds=SWEPT_SECONDS, why="holds of the dead are left")
        server.manage("wallet", "verify")
    assert ask(server.port, key, model="sandbox-echo").status == 200


@pytest.mark.req("N11")
def test_sigterm_lets_a_stream_end_and_exits_with_0(server, key):
    with ThreadPoolExecutor(4) as callers:
        streams = [callers.submit(ask, server.port, key, model="sandbox-slow", stream=True) for _ in range(4)]
        wait_until(lambda: server.query(HOLDS) == [(4,)], seconds=30, why="the streams did not start")
        assert server.stop() == 0
        seen = [stream.result() for stream in streams]
    try:
        assert [(call.status, call.whole) for call in seen] == [(200, True)] * 4
        assert charged(server, {call.call for call in seen}) == {call.call for call in seen}
        assert no_hold_is_left(server)
        assert "Traceback" not in server.log
    finally:
        server.start()


@pytest.mark.req("N6")
def test_half_open_headers_are_closed_and_disturb_nobody(server, key):
    half_open = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(scaled(500, least=25))]
    for connection in half_open:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        connection.settimeout(15)
    assert ask(server.port, key, model="sandbox-echo").status == 200
    for connection in half_open:
        with connection:
            # an answer of 408 or nothing, but the end
            while connection.recv(1024):
                pass


@pytest.mark.req("H5", "N10")
def test_log_of_the_server_names_no_key_and_no_client(server, key):
    ask(server.port, "sk-tg-" + "x" * 38, model="sandbox-echo")
    ask(server.port, key, model="no-such-model")
    assert key not in server.log
    assert "127.0.0.1" not in server.log


@contextmanager
def without_room(server):
    """Let no file of the server grow, as a full disk would; its own log included."""
    processes = [pid for pid in of_group(server.process.pid) if pid != server.process.pid]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(not settings.SQLITE, reason="another process writes PostgreSQL's files; see test_disk_full.py")
def test_full_disk_is_a_503_and_over_when_there_is_room_again():
    with Server("", TOLLGATE_BEAT=BEAT) as server:
        key = customer(server)
        assert ask(server.port, key, model="sandbox-echo").status == 200
        with without_room(server):
            refused = ask(server.port, key, model="sandbox-echo")
        assert refused.status == 503
        assert b"service_unavailable" in refused.body
        wait_until(
            lambda: ask(server.port, key, model="sandbox-echo").status == 200, seconds=20, why="no call after the room"
        )
        wait_until(lambda: no_hold_is_left(server), seconds=SWEPT_SECONDS, why="holds are left")
        server.manage("wallet", "verify")


@needs_postgres
@pytest.mark.req("N1")
def test_database_that_stops_is_a_503_and_its_return_needs_no_restart():
    with Cluster() as cluster, Server(cluster.url, TOLLGATE_BEAT=BEAT) as server:
        key = customer(server)
        assert ask(server.port, key, model="sandbox-echo").status == 200
        for _ in range(scaled(10, least=2)):
            cluster.stop()
            for _ in range(3):
                began = time.monotonic()
                refused = ask(server.port, key, model="sandbox-echo")
                assert (refused.status, b"service_unavailable" in refused.body) == (503, True)
                assert time.monotonic() - began < 5
            assert server.running()
            cluster.start()
            wait_until(
                lambda: ask(server.port, key, model="sandbox-echo").status == 200, seconds=10, why="no call afterwards"
            )
        wait_until(lambda: no_hold_is_left(server), seconds=SWEPT_SECONDS, why="holds are left")
        server.manage("wallet", "verify")


@needs_postgres
@pytest.mark.req("M5", "N1")
def test_database_that_stops_in_mid_stream_charges_nothing_twice():
    with Cluster() as cluster, Server(cluster.url, TOLLGATE_BEAT=BEAT) as server:
        key = customer(server)
        with ThreadPoolExecutor(CALLERS) as callers:
            asked = [
                callers.submit(ask, server.port, key, model="sandbox-slow", stream=True, timeout=90)
                for _ in range(CALLERS)
            ]
            wait_until(lambda: server.query(HOLDS) == [(CALLERS,)], seconds=30, why="the streams did not start")
            cluster.stop()
            time.sleep(1)
            cluster.start()
            seen = [call.result() for call in asked]
        wait_until(lambda: no_hold_is_left(server), seconds=SWEPT_SECONDS, why="holds are left")
        delivered = {call.call for call in seen if call.status == 200 and call.whole}
        assert charged(server, delivered) == delivered
        assert server.query("SELECT count(*) FROM usage_calllog WHERE kind = 'ok'") == [(CALLERS,)]
        server.manage("wallet", "verify")
