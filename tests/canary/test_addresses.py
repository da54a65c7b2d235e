"""Clients with unmistakable addresses use all there is, also while it fails; then every byte that is kept is searched.

Off, an address is nowhere, in no spelling; on, it is in one table; erased, it is nowhere again.
"""

import base64
import json
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from ipaddress import ip_address, ip_network

import psycopg
import pytest
import requests

from tests.api.routes import pages
from tests.canary.search import ROWS, forms, hits
from tests.canary.test_secrets import broken
from tests.chaos.test_redis import redis
from tests.serving import Server, free_port
from tests.visitor import Visitor

V4 = f"45.83.{secrets.randbelow(150) + 100}.{secrets.randbelow(150) + 100}"
V6 = ":".join(["2a0e", *(f"{secrets.randbelow(60_000) + 4096:x}" for _ in range(3)), "", "9c1f"])
BOTH = (V4, V6)
PASSWORD, WRONG = "a long passphrase of hers", "a long passphrase of nobody's"
ENROLL = "from accounts.models import User; from tests.second_factor import enroll; enroll(User.objects.get())"
# an empty form there ends the session, or turns off what the rest of the walk would use
LEAVES = (
    *("/accounts/logout/", "/settings/delete/", "/admin/logout/", "/settings/security/sessions/"),
    *("/admin/sidebar/", "/admin/security/securitypolicy/", "/admin/privacy/"),
)
SHORT = 16  # bytes; what is shorter is in any file by chance, once cut to its aligned letters


def spellings(text: str) -> dict[str, bytes]:
    """Return an address as it may be written down: as text, as its network, as a number, as bytes."""
    address = ip_address(text)
    width = 64 if address.version == 6 else 24
    network = ip_network((text, width), strict=False)
    start = network.network_address.exploded[:19] if address.version == 6 else text.rpartition(".")[0] + "."
    found = {
        "plain": text.encode(),
        "exploded": address.exploded.encode(),
        "network": str(network).encode(),
        "beginning": start.encode(),
        "number": str(int(address)).encode(),
        "pointer": address.reverse_pointer.encode(),
        "hex": address.packed.hex().encode(),
        "HEX": address.packed.hex().upper().encode(),
        "base64": base64.b64encode(address.packed),
        "base64 of text": base64.b64encode(text.encode()).rstrip(b"="),
    }
    return found | ({"packed": address.packed} if len(address.packed) >= SHORT else {})


NEEDLES = {f"{text} {name}": needle for text in BOTH for name, needle in spellings(text).items()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"TOLLGATE_TRUSTED_PROXIES": "127.0.0.0/8,::1/128", "TOLLGATE_LOG_LEVEL": "DEBUG", "TOLLGATE_SIGNUP": "open"}
    with ExitStack() as stack:
        if shutil.which("redis-server"):
            port = free_port()
            stack.enter_context(redis(tmp_path_factory.mktemp("redis"), port))
            env["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        running = stack.enter_context(Server(None, workers=2, **env))
        options = ["--email", "ann@example.com", "--staff", "--credit", "5", "--password-stdin"]
        running.manage("user", "create", "ann", *options, stdin=PASSWORD)
        running.manage("shell", "-v", "0", "-c", ENROLL)
        yield running


def visitor(server: Server, address: str) -> Visitor:
    return at(Visitor(server.url), address)


def at(browser: Visitor, address: str) -> Visitor:
    """Let a browser be at an address from now on, behind a proxy that is trusted."""
    browser.session.headers.update({"X-Forwarded-For": f"198.51.100.9, {address}", "X-Real-IP": address})
    return browser


def signed_in(server: Server) -> Visitor:
    browser = visitor(server, V6)
    assert browser.sign_in("ann", PASSWORD).status_code == 302
    assert browser.confirm().status_code == 302
    return browser


def walk(server: Server, browser: Visitor) -> int:
    """Look at every page and send every form, empty; return how many requests that were."""
    paths = [path for path in pages(424_242) if not path.startswith(LEAVES)]
    token = browser.session.cookies.get("csrf", "")
    for path in paths:
        browser.get(path)
        browser.session.post(server.url + path, {"csrfmiddlewaretoken": token}, allow_redirects=False, timeout=60)
    return 2 * len(paths)


def guess(server: Server, address: str) -> None:
    """Try to get in, in vain and by other ways."""
    stranger = visitor(server, address)
    for _ in range(7):
        stranger.sign_in("ann", WRONG)
    stranger.sign_in("nobody", WRONG)
    stranger.post("/accounts/password/reset/", email="ann@example.com")
    name = f"new{secrets.token_hex(4)}"
    stranger.post(
        "/accounts/signup/", username=name, email=f"{name}@example.com", password1=PASSWORD, password2=PASSWORD
    )
    for bad in ("tgat-x", f"sk-tg-{'x' * 38}"):
        stranger.session.get(f"{server.url}/api/account", headers={"Authorization": f"Bearer {bad}"}, timeout=60)


def call(server: Server, address: str, key: str, token: str) -> list[int]:
    """Call what works, what is refused, and what cannot be read."""
    junk = f"{address}, junk"
    asked = []
    for secret, body, forwarded in (
        (key, {"model": "sandbox-echo"}, address),
        (key, {"model": "sandbox-echo", "stream": True}, address),
        (key, {"model": "nobody-serves-this"}, address),
        (key, {"model": 7}, address),
        (key, {"model": "sandbox-echo"}, junk),
        ("imported-and-unknown", {"model": "sandbox-echo"}, address),
    ):
        headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": forwarded, "User-Agent": "curl/8"}
        whole = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 20, **body}
        url = f"{server.url}/v1/chat/completions"
        asked.append(requests.post(url, json=whole, headers=headers, timeout=60).status_code)
    for path in ("account", "usage", "usage/summary", "keys", "wallet", "settings/privacy", "nowhere"):
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        requests.get(f"{server.url}/api/{path}", headers=headers, timeout=60)
    return asked


def fail(server: Server, address: str) -> None:
    """Let pages fail, which is written down with its trace."""
    with broken(server, "security_event"):
        assert visitor(server, address).sign_in("ann", PASSWORD).status_code in {429, 500}
    with broken(server, "notifications_delivery"):
        visitor(server, address).post("/accounts/password/reset/", email="ann@example.com")


def rows(server: Server) -> Iterator[tuple[str, bytes]]:
    """Yield every table with what its rows say; the months of the call log are one."""
    if server.database:
        with psycopg.connect(server.database_url) as connection:
            for (table,) in connection.execute(ROWS).fetchall():
                found = connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
                name = "usage_calllog" if table.startswith("usage_calllog") else table
                yield name, "\n".join(row for (row,) in found).encode()
        return
    with closing(sqlite3.connect(server.data / "tollgate.sqlite3", timeout=20)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in names:
            yield table, repr(connection.execute(f'SELECT * FROM "{table}"').fetchall()).encode()


def tables(server: Server) -> set[str]:
    return {table for table, text in rows(server) if any(needle in text for needle in NEEDLES.values())}


def cached(server: Server) -> list[str]:
    """Return which spellings are in Redis, as a name or a value."""
    if "REDIS_URL" not in server.env:
        return []
    ask = ["redis-cli", "-u", server.env["REDIS_URL"]]
    names = subprocess.run([*ask, "keys", "*"], capture_output=True, check=True, text=True).stdout.split()
    values = [subprocess.run([*ask, "get", name], capture_output=True, check=True).stdout for name in names]
    whole = b"\n".join([*values, *(name.encode() for name in names)])
    return [name for name, needle in NEEDLES.items() if needle in whole]


def left(server: Server) -> dict[str, set[str]]:
    """Return which spellings are in which file, table or log; of long ones every alignment in base64 counts."""
    return {name: places for name, places in hits(server, long(NEEDLES)).items() if places} | {
        name: {place}
        for name, needle in NEEDLES.items()
        for place, text in [*rows(server), ("log", server.log.encode())]
        if needle in text
    }


def long(needles: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: needle for name, needle in needles.items() if len(needle) >= len(V4)}


@pytest.mark.req("K3", "K4", "K5")
def test_an_address_is_nowhere_then_in_one_table_then_nowhere_again(server: Server, capsys) -> None:
    key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
    token = json.loads(server.manage("token", "create", "ann", "--json"))["token"]
    browser, asked = signed_in(server), 0
    for address in BOTH:
        asked += walk(server, at(browser, address) if address == V4 else visitor(server, address))
        assert call(server, address, key, token) == [200, 200, 404, 400, 200, 401]
        guess(server, address)
        fail(server, address)
    time.sleep(2)  # a worker sends the mails, and each process beats
    assert "the database has had enough" in server.log
    assert list((server.data / "mail").rglob("*.eml"))
    assert left(server) == {}
    assert cached(server) == []

    recording(server, browser, key, token)
    assert tables(server) == {"usage_calllog"}
    in_files = {place for places in hits(server, {"v6": V6.encode()}).values() for place in places}
    assert all("sqlite3" in place or place.startswith("usage_calllog") for place in in_files)
    assert cached(server) == []

    assert browser.post("/settings/privacy/").status_code == 302
    assert browser.post("/settings/privacy/addresses/erase/", page="/settings/privacy/").status_code == 302
    deadline = time.monotonic() + 65  # the write-ahead log of SQLite is folded at once, or a minute later
    while (still := left(server)) and time.monotonic() < deadline:
        time.sleep(1)
    assert still == {}
    with capsys.disabled():
        print(f"\naddresses: {asked} requests, {len(NEEDLES)} spellings, 0 hits off, 1 table on, 0 hits erased")  # noqa: T201


def recording(server: Server, browser: Visitor, key: str, token: str) -> None:
    """Turn recording on and use everything again."""
    assert browser.post("/settings/privacy/", record_ip="on").status_code == 302
    time.sleep(1)
    for address in BOTH:
        assert call(server, address, key, token)[0] == 200
        assert at(browser, address).get("/logs/usage/").status_code == 200
        fail(server, address)


def test_the_search_would_find_every_spelling() -> None:
    for text in BOTH:
        for name, needle in spellings(text).items():
            assert any(form in b"before " + needle + b" after" for form in forms(needle)), name
            assert len(needle) >= 7, f"{name} would be found by chance"
