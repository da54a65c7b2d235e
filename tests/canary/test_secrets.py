"""Secrets of each kind go through an installation, also while pages and upstreams fail; then all it keeps is searched.

The log is written at its most talkative, and Redis is the cache where there is one, so that it can be searched too.
"""

import json
import re
import secrets
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from html import unescape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest
import requests

from tests.canary.search import forms, hits, kept
from tests.chaos.test_redis import redis
from tests.peers.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.peers.receiver import Received, Receiver, reply
from tests.peers.upstream import Upstream
from tests.serving import Server, free_port
from tests.visitor import Visitor

PASSWORD, NEXT, WRONG, TYPED = (f"{word} {secrets.token_hex(12)}" for word in ("one phrase", "next", "wrong", "typed"))
UPSTREAM_KEY, IMPORTED = (secrets.token_hex(16) for _ in range(2))
LINK = re.compile(r"http://\S+?/(?:accounts|setup)/\S+")
TWO_FACTOR, TOKENS = "/settings/security/two-factor/", "/settings/security/tokens/new/"
CALLBACK = "/accounts/providers/acme/callback/"
BROKEN = "the database has had enough"
SEEN: dict[str, str] = {}  # what an installation was told or has told, by what it is
T = TypeVar("T")


@pytest.fixture(scope="module")
def idp() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


@pytest.fixture(scope="module")
def server(idp: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {
        "TOLLGATE_OUTBOUND_ALLOW": "127.0.0.0/8",
        "TOLLGATE_LOG_LEVEL": "DEBUG",
        "TOLLGATE_SIGNUP": "invite",
        "OIDC_ACME_ISSUER": idp.url,
        "OIDC_ACME_NAME": "Acme",
        "OIDC_ACME_CLIENT_ID": CLIENT,
        "OIDC_ACME_CLIENT_SECRET": SECRET,
    }
    with ExitStack() as stack:
        if shutil.which("redis-server"):
            port = free_port()
            stack.enter_context(redis(tmp_path_factory.mktemp("redis"), port))
            env["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        upstream = stack.enter_context(Upstream())
        running = stack.enter_context(Server(None, workers=1, **env))
        add = ["channel", "add", "main", "--base-url", upstream.url, "--api-key-stdin"]
        running.manage(*add, "--models", "ok,html,cut-before,status:401", stdin=UPSTREAM_KEY)
        for model in ("ok", "html", "cut-before", "status:401"):
            running.manage("price", "set", model, "--input", "1", "--output", "2", "--max-output", "4096")
        yield running


@contextmanager
def broken(server: Server, table: str) -> Iterator[None]:
    """While it lasts, the database refuses new rows of a table."""
    if server.database:
        body = f"BEGIN RAISE EXCEPTION '{BROKEN} %', NEW; END"  # it quotes the row, as PostgreSQL's own errors do
        server.execute(f"CREATE OR REPLACE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        server.execute(f"CREATE TRIGGER boom BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION boom()")
    else:
        server.execute(f"CREATE TRIGGER boom BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{BROKEN}'); END")
    yield
    server.execute(f"DROP TRIGGER boom ON {table}" if server.database else "DROP TRIGGER boom")


def wait_for(look: Callable[[], T | None]) -> T:
    """Return what is found once there is something."""
    deadline = time.monotonic() + 30
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def letters(server: Server) -> list[Path]:
    return list((server.data / "mail").rglob("*.eml"))


def mailed(server: Server, part: str) -> tuple[str, Path]:
    """Return the link that was mailed, and the letter that holds it."""

    def look() -> tuple[str, Path] | None:
        for letter in letters(server):
            text = letter.read_text().replace("=\n", "").replace("=3D", "=")
            for link in LINK.findall(text):
                if part in link:
                    return link, letter
        return None

    return wait_for(look)


def try_all(server: Server, browser: Visitor, idp: IdentityProvider) -> None:
    """Send secrets where nothing can be written down: each page fails, or refuses."""
    with broken(server, "security_event"):
        assert Visitor(server.url).sign_in("ann", PASSWORD).status_code == 500
        change = {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT}
        assert browser.post("/accounts/password/change/", **change).status_code == 500
        assert browser.post(TOKENS, name="build", scopes="read", expires_at="90").status_code == 500
        assert back(browser, idp).status_code == 500
    with broken(server, "notifications_delivery"):
        assert Visitor(server.url).post("/accounts/password/reset/", email="ann@example.com").status_code == 500


def back(browser: Visitor, idp: IdentityProvider) -> requests.Response:
    """Return the answer to a browser that comes back from the provider with a code."""
    page = browser.post("/accounts/providers/acme/bind/", page="/settings/profile/").text
    code, state = idp.authorize(unescape(re.findall(rf'href="({re.escape(idp.url)}[^"]+)"', page)[0]))
    SEEN.update({"code of the provider": code, "state": state})
    answer = browser.get(f"{CALLBACK}?code={code}&state={state}")
    SEEN.update(
        {f"{kind} token of the provider": token for kind, token in zip(("access", "id"), idp.issued, strict=True)}
    )
    return answer


def second_factor(browser: Visitor) -> None:
    """Turn it on, with a wrong code before."""
    assert browser.post(TWO_FACTOR, begin="1").status_code == 302
    page = browser.get(TWO_FACTOR).text
    (key,) = re.findall(r'<code id="totp-key">([A-Z2-7 ]+)</code>', page)
    codes = re.findall(r"<li>((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})</li>", page)
    SEEN.update({"authenticator": key.replace(" ", ""), "authenticator, as shown": key})
    SEEN.update({f"recovery code {number}": code for number, code in enumerate(codes)})
    assert browser.post(TWO_FACTOR, stored="on", code="000000").status_code == 422
    assert browser.post(TWO_FACTOR, stored="on", code=pyotp.TOTP(SEEN["authenticator"]).now()).status_code == 302


def call(server: Server) -> None:
    """Let a program call what works and what fails, with what is a key and what is not."""
    SEEN["API key"] = key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
    SEEN["access token"] = token = json.loads(server.manage("token", "create", "ann", "--json"))["token"]
    for model in ("ok", "html", "cut-before", "status:401"):
        for given in (key, key[:-1] + "_", token):
            body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
            headers = {"Authorization": f"Bearer {given}"}
            requests.post(f"{server.url}/v1/chat/completions?key={given}", json=body, headers=headers, timeout=60)
            requests.get(f"{server.url}/api/account?token={given}", headers=headers, timeout=60)


def be_notified(server: Server) -> None:
    """Have receivers chosen, each with a secret, and tried while they answer, fail and repeat what they were told."""
    given = ("token", "create", "ann", "--name", "settings", "--scopes", "read,write", "--json")
    headers = {"Authorization": f"Bearer {json.loads(server.manage(*given))['token']}"}
    secret, device, app = "whsec_" + b64encode(secrets.token_bytes(32)).decode(), *(secrets.token_hex(11) for _ in "ab")
    SEEN.update({"secret of the webhook": secret, "key of the device": device, "token of the app": app})
    area = f"{server.url}/api/settings/notifications"
    with Receiver() as receiver:
        forms = {
            "webhook": {"url": f"{receiver.url}/hook", "secret": secret},
            "bark": {"url": f"{receiver.url}/{device}/{{{{title}}}}/{{{{content}}}}"},
            "gotify": {"url": receiver.url, "token": app},
        }
        for turn, answer in enumerate((reply(200), echo)):
            receiver.answer = answer
            for kind, form in forms.items():
                put = requests.put(f"{area}/{kind}", json={"enabled": True, **form}, headers=headers, timeout=30)
                assert put.status_code == 200, put.text
                if turn == 0 or kind != "bark":  # five tests a minute
                    assert requests.post(f"{area}/{kind}/test", headers=headers, timeout=30).status_code == 202
            wait_for(partial(arrived, receiver, 3 + 2 * turn))
        told = "".join(f"{request.target} {request.headers}" for request in receiver.requests)
        assert device in told
        assert app in told


def arrived(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) >= count


def echo(handler: BaseHTTPRequestHandler, received: Received) -> None:
    """Fail, and say again all that was said."""
    reply(500, f"{received.target} {received.headers} {received.body!r}".encode())(handler, received)


def import_passwords(server: Server, folder: Path) -> None:
    file = folder / "people.csv"
    file.write_text(f"username,email,password\nbob,bob@example.com,{IMPORTED}\n")
    refused = server.try_manage("user", "import", str(file))
    assert refused.returncode == 2
    assert IMPORTED not in refused.stdout + refused.stderr


def open_links(server: Server) -> dict[str, tuple[str, Path | None]]:
    """Have every link made that opens something; return each with the one letter that may hold it."""
    server.manage("user", "invite", "eve@example.com")
    Visitor(server.url).post("/accounts/password/reset/", email="ann@example.com")
    by_command = LINK.findall(server.manage("user", "link", "ann"))[0]
    links = {"invitation": mailed(server, "invitation="), "reset": mailed(server, "/reset/key/")}
    for link in [by_command, *(found for found, _ in links.values())]:
        Visitor(server.url).get(link)
        with broken(server, "security_session"):  # where the link is kept while its form is filled in
            Visitor(server.url).get(link)
    invited = Visitor(server.url)
    form = {"username": "eve", "email": "eve@example.com", "password1": TYPED, "password2": TYPED}
    with broken(server, "accounts_user"):
        path = links["invitation"][0].removeprefix(server.url)
        assert invited.post(path, **form).status_code in {422, 500}
    return {**links, "link of the operator": (by_command, None)}


def cached(server: Server) -> list[str]:
    """Return which secrets are in Redis, as a name or a value."""
    if "REDIS_URL" not in server.env:
        return []
    ask = ["redis-cli", "-u", server.env["REDIS_URL"], "--no-raw"]
    names = subprocess.run([*ask[:-1], "keys", "*"], capture_output=True, check=True, text=True).stdout.split()
    values = [subprocess.run([*ask, "get", name], capture_output=True, check=True).stdout for name in names]
    whole = b"\n".join([*values, *(name.encode() for name in names)])
    return [name for name, value in SEEN.items() if any(form in whole for form in forms(value.encode()))]


@pytest.mark.req("I19")
def test_no_secret_is_kept_in_clear_whatever_fails(server: Server, idp: IdentityProvider, tmp_path: Path) -> None:
    options = ["--email", "ann@example.com", "--credit", "5", "--password-stdin"]
    server.manage("user", "create", "ann", *options, stdin=PASSWORD)
    browser = Visitor(server.url)
    assert browser.sign_in("ann", PASSWORD).status_code == 302
    try_all(server, browser, idp)
    Visitor(server.url).sign_in("ann", WRONG)
    call(server)
    be_notified(server)
    import_passwords(server, tmp_path)
    links = open_links(server)
    assert back(browser, idp).status_code == 302
    second_factor(browser)
    asked = Visitor(server.url).post("/accounts/login/passkey/options/", page="/accounts/login/")
    SEEN["challenge"] = asked.json()["challenge"]
    for name in ("session", "device"):
        SEEN[f"cookie {name}"] = browser.session.cookies[name]
    for name, value in (("first", PASSWORD), ("next", NEXT), ("wrong", WRONG), ("typed", TYPED), ("file", IMPORTED)):
        SEEN[f"password {name}"] = value
    SEEN.update({"key of the channel": UPSTREAM_KEY, "secret of the provider": SECRET})
    SEEN.update({name: (server.data / name).read_text().strip() for name in ("secret_key", "field_key")})
    SEEN.update({name: re.split(r"[=/]", link.rstrip("/"))[-1] for name, (link, _) in links.items()})

    assert len(SEEN) >= 14 + 13
    assert server.log.count(BROKEN) >= 6, "all these failures were written down"
    found = hits(server, {name: value.encode() for name, value in SEEN.items()})
    for name, (_, letter) in links.items():
        if letter:
            assert found.pop(name) == {str(letter.relative_to(server.folder))}, name
    for name in ("secret_key", "field_key"):
        assert found.pop(name) == {f"data/{name}"}
    assert found == {}
    assert cached(server) == []
    places = {place for place, _ in kept(server)}
    assert places & {"log"}
    assert places & {"security_event", "data/tollgate.sqlite3"}
