"""Gotify: what arrives there byte by byte, and what its owner is told otherwise."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from notifications.transports import gotify
from notifications.transports.base import TargetRefused, TransportFailed
from notifications.transports.gotify import GotifyTarget
from tests.peers.receiver import Gotify, reply

TOKEN = "AkGotifyKeyCanary"
BODY = (
    '{"title": "Your balance is down to $3.42", '
    '"message": "The balance of mei\'s account is $3.42 & falling.\\n\\nCalls go on: 余额 <5%.", "priority": 8}'
).encode()


@pytest.fixture
def server(loopback) -> Iterator[Gotify]:
    with Gotify(TOKEN) as running:
        yield running


def target(server: Gotify, **fields) -> GotifyTarget:
    return replace(GotifyTarget(server.url, TOKEN, 8), **fields)


def test_path_headers_and_body_are_gotifys_to_the_byte(server, message):
    answer = gotify.send(target(server), message)
    (received,) = server.requests
    assert (received.method, received.target, received.body) == ("POST", "/message", BODY)
    assert dict(received.headers) == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "Tollgate",
        "Accept-Encoding": "identity",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "X-Gotify-Key": TOKEN,
        "Content-Length": str(len(BODY)),
    }
    assert server.shown == [{"title": message.title, "message": message.content, "priority": 8}]
    assert (answer.status, answer.response[:9]) == (200, "HTTP 200,")


@pytest.mark.req("J11")
def test_the_token_is_in_no_url_and_in_nothing_that_is_shown(server, message, caplog):
    caplog.set_level("DEBUG")
    answer = gotify.send(target(server), message)
    with pytest.raises(TransportFailed) as failure:
        gotify.send(target(server, url=f"{server.url}/elsewhere"), message)
    failed = failure.value
    assert TOKEN not in server.last.target
    assert TOKEN not in f"{answer} {failed} {failed.answer} {target(server).shown()} {caplog.text}"
    assert "X-Gotify-Key: ••••" in answer.request
    assert message.title in answer.request


def test_a_server_in_a_folder_is_found_there(server, message):
    server.answer = reply(200)
    gotify.send(target(server, url=f"{server.url}/push"), message)
    assert server.last.target == "/push/message"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Gotify does not know this token (HTTP 401)"), ("zh-hans", "Gotify 不认识这个令牌")]
)
def test_a_wrong_token_is_said_in_the_language_of_the_message(server, message, language, words):
    with pytest.raises(TransportFailed) as failure:
        gotify.send(target(server, token="another"), replace(message, language=language))
    assert words in str(failure.value)
    assert failure.value.permanent
    assert failure.value.status == 401


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("gotify://push.example.com/AbC", {"url": "http://push.example.com", "token": "AbC"}),
        ("gotifys://push.example.com/AbC", {"url": "https://push.example.com", "token": "AbC"}),
        ("GOTIFYS://push.example.com:8443/AbC/", {"url": "https://push.example.com:8443", "token": "AbC"}),
        (
            "gotifys://example.com/a/b/AbC?priority=10",
            {"url": "https://example.com/a/b", "token": "AbC", "priority": "10"},
        ),
        ("gotifys://example.com/AbC?priority=high", {"url": "https://example.com", "token": "AbC", "priority": "8"}),
    ],
)
def test_urls_of_apprise_are_read(text, form):
    assert gotify.from_apprise(text) == form


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gotifys://push.example.com/", "token of the application"),
        ("gotifys://me:pw@push.example.com/AbC", "password"),
        ("gotifys://push.example.com/AbC?verify=no", "Leave out verify"),
        ("gotifys:///AbC", "host"),
    ],
)
def test_urls_of_apprise_that_will_not_do_are_explained(text, words):
    with pytest.raises(TargetRefused, match=words) as refusal:
        GotifyTarget.parse({"url": text})
    assert list(refusal.value.errors) == ["url"]


def test_a_url_of_apprise_fills_the_form():
    made = GotifyTarget.parse({"url": "gotifys://93.184.215.14/AbC?priority=low", "token": "", "priority": "5"})
    assert made == GotifyTarget("https://93.184.215.14", "AbC", 0)
