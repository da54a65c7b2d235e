"""An account that has used everything is deleted by its page; then every byte that is kept anywhere is searched."""

import json
import secrets
import time
from pathlib import Path

import pytest
import requests

from tests.canary.search import hits
from tests.serving import Server
from tests.visitor import Visitor

NAME = f"ann{secrets.token_hex(8)}"
PASSWORD, WRONG = (f"{word} {secrets.token_hex(12)}" for word in ("a long passphrase", "a wrong one"))
PROMPT, MODEL, KEY, TOKEN, AGENT = (secrets.token_hex(12) for _ in range(5))
MAIL, NEXT_MAIL = f"{secrets.token_hex(8)}@example.com", f"{secrets.token_hex(8)}@example.com"
ADDRESS = "198.51.100.213"
SOON = 65.0  # seconds: SQLite's log is folded at once, or a minute later where somebody was reading
FILL = "from tests.canary import plant; plant.fill({name!r})"


def wait(true, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def call(server: Server, key: str, model: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 20}
    headers = {"Authorization": f"Bearer {key}", "User-Agent": AGENT, "X-Forwarded-For": ADDRESS}
    return requests.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=60).status_code


def lived(server: Server, browser: Visitor) -> list[str]:
    """Use the account as people do; return the secrets that it was shown."""
    server.manage("user", "create", NAME, "--email", MAIL, "--credit", "5", "--password-stdin", stdin=PASSWORD)
    assert browser.sign_in(NAME, PASSWORD).status_code == 302
    assert browser.post("/settings/privacy/", record_ip="on").status_code == 302
    key = json.loads(server.manage("key", "create", NAME, KEY, "--json"))["key"]
    token = json.loads(server.manage("token", "create", NAME, "--name", TOKEN, "--scopes", "read", "--json"))["token"]
    assert [call(server, key, model) for model in ("sandbox-echo", MODEL)] == [200, 404]
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{server.url}/api/account", headers=bearer, timeout=60).status_code == 200
    assert browser.post("/accounts/email/", email=NEXT_MAIL, action_add="").status_code == 302
    stranger = Visitor(server.url, **{"User-Agent": AGENT, "X-Forwarded-For": "203.0.113.5"})
    assert stranger.post("/accounts/password/reset/", email=MAIL).status_code == 302
    assert stranger.sign_in(NAME, WRONG).status_code == 422
    assert browser.sign_in(NAME, WRONG).status_code in {302, 422}
    assert browser.post("/settings/delete/export/new/", page="/settings/delete/").status_code == 302
    wait(lambda: list((server.data / "media").rglob("*.zip")))
    wait(lambda: len(list((server.data / "mail").rglob("*.eml"))) >= 3)
    return [key, token]


@pytest.mark.req("L2")
def test_nothing_of_a_deleted_account_is_anywhere():
    with Server(workers=2, TOLLGATE_TRUSTED_PROXIES="127.0.0.0/8,::1/128") as server:
        browser = Visitor(server.url, **{"User-Agent": f"Mozilla/5.0 Firefox/{AGENT}", "X-Forwarded-For": ADDRESS})
        secret = lived(server, browser)
        planted = json.loads(server.manage("shell", "-v", "0", "-c", FILL.format(name=NAME)))
        server.restart()  # SQLite folds its log into the file, where deleted rows could leave bytes behind
        half = Visitor(server.url)
        assert half.sign_in(NAME, PASSWORD).status_code == 302  # and is left at the second step
        assert browser.sign_in(NAME, PASSWORD).status_code == 302
        assert browser.confirm().status_code == 302
        typed = [NAME, MAIL, NEXT_MAIL, PROMPT, MODEL, KEY, TOKEN, AGENT, PASSWORD, WRONG, ADDRESS, *secret]
        cookies = [one.cookies["session"] for one in (half.session, browser.session)]
        needles = {f"typed {number}": text.encode() for number, text in enumerate([*typed, *cookies])}
        needles |= {f"{n} {one['where']}": bytes.fromhex(one["hex"]) for n, one in enumerate(planted["needles"])}
        before = hits(server, needles)
        assert planted["planted"] >= 30
        assert len({name.partition(" ")[2].partition(".")[0] for name in before}) >= 15, "tables in which some were"
        assert len(before) > 100

        gone = browser.post("/settings/delete/", username=NAME)
        assert gone.headers["Location"] == "/accounts/deleted/"
        deadline = time.monotonic() + SOON
        while (left := hits(server, needles)) and time.monotonic() < deadline:
            time.sleep(1)
        assert left == {}
        assert not list(Path(server.data).rglob("*.zip"))
