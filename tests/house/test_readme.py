"""The README, followed to the letter by somebody who has nothing but the README."""

import os
import re
import subprocess
import sys
from decimal import Decimal
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.serving import Server

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
FIRST_CALL = README.split("## Your first call")[1].split("\n## ")[0]
PASSWORD = "several words that belong together"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SECRET = re.compile(r"sk-tg-[0-9A-Za-z]{38}")
CALLS = (
    "SELECT model, kind, status, input_tokens, output_tokens, charge, shortfall, stream FROM usage_calllog ORDER BY id"
)


class Browser:
    """Follows links, keeps cookies, fills in forms."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> str:
        with self.opener.open(url if url.startswith("http") else self.site + url, timeout=30) as page:
            return unescape(page.read().decode())

    def submit(self, url: str, **fields: str) -> str:
        """Return the page after posting the form at `url`, whose own hidden token goes with it."""
        found = TOKEN.search(self.get(url))
        assert found, f"{url} has no form"
        target = url if url.startswith("http") else self.site + url
        data = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
        with self.opener.open(Request(target, data, {"Referer": target}), timeout=30) as page:
            return unescape(page.read().decode())


def block(language: str, *, holding: str) -> str:
    """Return the README's code block of this language that holds these words."""
    return next(text for text in re.findall(rf"```{language}\n(.*?)```", FIRST_CALL, re.DOTALL) if holding in text)


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def browser(server):
    """Somebody who has opened the printed link and made the first account."""
    visitor = Browser(server.url)
    page = visitor.submit(
        server.link, username="mei", email="mei@example.com", password=PASSWORD, password_again=PASSWORD
    )
    assert "$10.00" in page
    return visitor


@pytest.fixture(scope="module")
def key(browser):
    """The key that the page shows once."""
    shown = browser.submit("/keys/new/", name="first", period="month")
    secret = SECRET.search(shown)
    assert secret, "no key is shown"
    assert not SECRET.search(browser.get("/keys/"))
    return secret[0]


@pytest.fixture(scope="module")
def run(server, key):
    """Run a block of the README with the key and the port of this server in place."""

    def run(command: list[str], text: str) -> str:
        environment = server.env | {"TOLLGATE_KEY": key}
        done = subprocess.run(
            [*command, text.replace("http://localhost:8000", server.url)],
            env={name: value for name, value in environment.items() if not name.lower().endswith("_proxy")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_link_works_once(server, browser):
    with pytest.raises(OSError, match=r"4\d\d"):
        Browser(server.url).get(server.link)


def test_first_call_is_answered_logged_and_charged_exactly(server, browser, run):
    curl = block("sh", holding="curl").split("\n", 1)[1]
    earlier, [(balance,)] = len(server.query(CALLS)), server.query("SELECT balance FROM wallet_wallet")
    assert "Hello, gate!" in run(["bash", "-c"], curl)
    assert run([sys.executable, "-c"], block("python", holding="OpenAI")).strip() == "Hello, gate!"

    rows = server.query(CALLS)[earlier:]
    assert len(rows) == 2
    assert rows[0] == rows[1], "curl and the client ask for the same, and pay the same"
    model, kind, status, tokens_in, tokens_out, charge, shortfall, _ = rows[0]
    assert (model, kind, status, shortfall) == ("sandbox-echo", "ok", 200, 0)
    [(rate_in, rate_out)] = server.query(
        "SELECT input, output FROM pricing_price WHERE model = 'sandbox-echo' AND superseded_at IS NULL"
    )
    assert charge == (tokens_in * rate_in + tokens_out * rate_out + 500_000) // 1_000_000
    assert server.query("SELECT balance, held, owed FROM wallet_wallet") == [(balance - 2 * charge, 0, 0)]
    log = browser.get("/logs/usage/")
    assert "sandbox-echo" in log
    assert f"{Decimal(charge).scaleb(-9):.6f}" in log


def test_streamed_call_costs_the_same(server, run):
    curl = block("sh", holding="curl").split("\n", 1)[1]
    run(["bash", "-c"], curl)
    streamed = run(["bash", "-c"], curl.replace('"messages"', '"stream": true, "messages"'))
    assert streamed.rstrip().endswith("data: [DONE]")
    plain, stream = server.query(CALLS)[-2:]
    assert stream[-1]
    assert stream[:-1] == plain[:-1]


def test_books_add_up_in_the_end(server, run):
    server.manage("wallet", "verify")


def test_commands_of_the_readme_exist(server):
    for command in re.findall(r"manage\.py (\w+ \w+)", README):
        assert server.manage(*command.split(), "--help")


def test_links_of_the_readme_lead_somewhere():
    assert [target for target in re.findall(r"\]\(([^)#:]+)\)", README) if not (ROOT / target).exists()] == []


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in re.findall(r"make ([a-z-]+)", README) if f"\n{target}:" not in makefile] == []


def test_readme_needs_nothing_of_this_machine():
    assert not re.search(r"/(work|home|root|tmp)/", README)
    assert os.access(ROOT / "LICENSE", os.R_OK)
