"""An installation whose Redis is not there, stops answering, or is lost: all works, and guesses are counted."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.cache import caches

from tests.chaos.client import ask, customer
from tests.serving import Server, free_port
from tests.visitor import Visitor

PASSWORD = "a long passphrase of hers"
PATIENCE_S = 5.0
pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None and not os.environ.get("CI"), reason="needs redis-server"
)


@contextmanager
def redis(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis of this test's own."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            deadline = time.monotonic() + 20
            while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False).returncode:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield running
        finally:
            running.kill()


@pytest.mark.req("N2")
def test_without_redis_the_house_works_and_guesses_are_counted(tmp_path):
    port = free_port()
    with Server(REDIS_URL=f"redis://127.0.0.1:{port}/0") as server:
        key = customer(server)
        for number in range(3):
            mail = ["--email", f"ann{number}@example.com", "--password-stdin"]
            server.manage("user", "create", f"ann{number}", *mail, stdin=PASSWORD)
        works(server, key, "ann0")  # it was never there
        with redis(tmp_path, port) as running:
            works(server, key, "ann1")
            running.send_signal(signal.SIGSTOP)  # it takes connections and answers nobody
            works(server, key, "ann2")
            running.send_signal(signal.SIGCONT)
        works(server, key, "ann0")  # it is lost
        guesser = Visitor(server.url)
        assert [guesser.sign_in("ann1", f"wrong number {n}").status_code for n in range(7)] == [422] * 5 + [429] * 2
        assert "Traceback" not in server.log


def works(server: Server, key: str, name: str) -> None:
    """Fail unless somebody signs in, sees their pages, and a program is answered, all in good time."""
    began = time.monotonic()
    browser = Visitor(server.url)
    assert browser.sign_in(name, PASSWORD).status_code == 302
    for path in ("/overview/", "/keys/", "/wallet/", "/settings/security/"):
        assert browser.get(path).status_code == 200, path
    assert [ask(server.port, key, model="sandbox-echo", stream=streamed).whole for streamed in (False, True)] == [
        True
    ] * 2
    assert time.monotonic() - began < PATIENCE_S


@pytest.mark.req("N2")
def test_a_page_that_uses_the_cache_notices_soon_that_nobody_answers(settings, tmp_path):
    port = free_port()
    settings.CACHES = {"default": {**REDIS, "LOCATION": f"redis://127.0.0.1:{port}/0"}}
    with redis(tmp_path, port) as running:
        caches["default"].set("figure", 7)
        assert caches["default"].get("figure") == 7
        running.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert caches["default"].get("figure", "nothing") == "nothing"
        assert time.monotonic() - began < 2
        running.send_signal(signal.SIGCONT)
    assert caches["default"].get("figure", "nothing") == "nothing"
    caches["default"].set("figure", 8)


REDIS = {
    "BACKEND": "django_redis.cache.RedisCache",
    "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 0.5},
}
