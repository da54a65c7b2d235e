"""Bark: what arrives there byte by byte, whatever a message says, and what is wrong with a URL that will not do."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import unquote

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from notifications.transports import bark
from notifications.transports.bark import BarkTarget
from notifications.transports.base import TargetRefused, TransportFailed
from tests.peers.receiver import Bark, reply

KEY = "BarkDeviceKeyCanary"
PUBLIC = "https://93.184.215.14"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def endless() -> Iterator[Bark]:
    with Bark(KEY) as running:
        yield running


@pytest.fixture
def server(loopback) -> Iterator[Bark]:
    with Bark(KEY) as running:
        yield running


def target(server: Bark, path: str = "{{title}}/{{content}}", **fields) -> BarkTarget:
    return BarkTarget(f"{server.url}/{KEY}/{path}", **fields)


def test_the_path_is_barks_to_the_byte(server, message):
    answer = bark.send(target(server, level="timeSensitive", group="Toll gate/组", sound="minuet"), message)
    (received,) = server.requests
    assert received.target == (
        f"/{KEY}/Your%20balance%20is%20down%20to%20%243.42"
        "/The%20balance%20of%20mei%27s%20account%20is%20%243.42%20%26%20falling.%0A%0A"
        "Calls%20go%20on%3A%20%E4%BD%99%E9%A2%9D%20%3C5%25."
        "?level=timeSensitive&group=Toll%20gate%2F%E7%BB%84&sound=minuet"
    )
    assert (received.method, received.body) == ("GET", b"")
    assert {name for name, _value in received.headers} == {"Host", "User-Agent", "Accept-Encoding", "Accept"}
    assert server.shown == [
        {
            "title": message.title,
            "body": message.content,
            "level": "timeSensitive",
            "group": "Toll gate/组",
            "sound": "minuet",
        }
    ]
    assert answer.status == 200


@pytest.mark.req("J11")
def test_the_key_is_in_nothing_that_is_shown_or_logged(server, message, caplog):
    caplog.set_level("DEBUG")
    answer = bark.send(target(server), message)
    server.answer = lambda handler, _received: handler.wfile.write(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n")
    bark.send(target(server), message)
    server.answer = reply(503)
    with pytest.raises(TransportFailed) as failure:
        bark.send(target(server), message)
    assert KEY not in f"{answer} {failure.value} {failure.value.answer} {caplog.text}"
    assert answer.request == f"GET {server.url}/••••"


@pytest.mark.req("I12")
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("..", ".")
@example("../../admin", "a/b?c=d#e&f;g")
@example("%2e%2e", "%")
@example("{{content}}", "{{title}}")
@example("\r\nHost: evil", "\x00")
@example("a\\b", "+ +")
@given(title=TEXTS, content=TEXTS)
def test_any_text_arrives_as_it_is_and_nowhere_else(endless, message, title, content):
    endless.requests.clear()
    endless.shown.clear()
    with override_settings(OUTBOUND_ALLOW=[ip_network("127.0.0.0/8")]):
        bark.send(target(endless, group="g"), replace(message, title=title, content=content))
    assert endless.shown == [{"title": title, "body": content, "group": "g"}]
    key, *segments = endless.last.target.partition("?")[0].removeprefix("/").split("/")
    assert key == KEY
    assert [unquote(segment) for segment in segments] == [title, content]
    assert not {".", ".."} & set(segments), "dots lead out of nothing"


@given(TEXTS)
def test_an_escaped_text_is_one_segment_in_ascii(text):
    escaped = bark.escape(text)
    assert unquote(escaped) == text
    assert escaped.isascii()
    assert not set('/?#&+; \r\n"<>') & set(escaped)
    assert escaped not in {".", ".."}


def test_placeholders_may_stand_in_the_query(server, message):
    server.answer = reply(200)
    bark.send(target(server, "{{title}}?body={{content}}&a=b"), replace(message, content="a&level=critical"))
    assert server.last.target.endswith("?body=a%26level%3Dcritical&a=b")


def test_what_is_too_long_for_a_path_is_cut(server, message):
    bark.send(target(server), replace(message, title="题" * 500, content="余" * 5000))
    assert server.shown[0]["title"] == "题" * 99 + "…"
    assert server.shown[0]["body"] == "余" * 499 + "…"
    assert len(server.last.target) < 8000


def test_a_device_that_is_not_known_is_said_and_final(server, message):
    unknown = replace(target(server), url=f"{server.url}/other/{{{{title}}}}/{{{{content}}}}")
    with pytest.raises(TransportFailed, match="does not know this device") as failure:
        bark.send(unknown, message)
    assert failure.value.permanent
    assert failure.value.status == 400


@pytest.mark.parametrize(
    ("body", "permanent"),
    [(b'{"code": 400}', True), (b'{"code": 500}', False), (b'{"code": 200}', None), (b"ok", None)],
)
def test_the_code_in_an_answer_counts(server, message, body, permanent):
    server.answer = reply(200, body)
    if permanent is None:
        assert bark.send(target(server), message).status == 200
    else:
        with pytest.raises(TransportFailed) as failure:
            bark.send(target(server), message)
        assert failure.value.permanent is permanent


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"{PUBLIC}/key/{{{{titel}}}}/{{{{content}}}}", "There is no {{titel}}"),
        (f"{PUBLIC}/key/{{{{}}}}", "There is no {{}}"),
        (f"{PUBLIC}/key/{{{{balance}}}}", "{{title}} and {{content}}"),
        (f"{PUBLIC}/key/{{title}}/{{{{content}}}}", "brace stands alone"),
        (f"{PUBLIC}/key/{{{{title}}/{{{{content}}}}", "brace stands alone"),
        (f"{PUBLIC}/key/%7B%7Btitle%7D%7D/{{{{content}}}}", "brace stands alone"),
        (f"{PUBLIC}/key/100%/{{{{content}}}}", "%25"),
        (f"{PUBLIC}/key", "must say where the message goes"),
        ("https://{{title}}.example.com/{{content}}", "host must stand there"),
        ("https://example.com{{content}}", "host must stand there"),
        (f"{PUBLIC}/key/{{{{content}}}}#x", "fragment"),
    ],
)
def test_a_template_that_will_not_do_is_explained(url, words):
    with pytest.raises(TargetRefused) as refusal:
        BarkTarget.parse({"url": url})
    assert words in refusal.value.errors["url"]


def test_blanks_inside_a_placeholder_are_forgiven():
    assert BarkTarget.parse({"url": f"{PUBLIC}/k/{{{{ title }}}}/{{{{content }}}}"}).url.endswith(
        "/{{title}}/{{content}}"
    )


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"level": "loud"}, "level"),
        ({"group": "x" * 65}, "group"),
        ({"group": "a\nb"}, "group"),
        ({"sound": "../alarm"}, "sound"),
        ({"sound": "alarm", "url": f"{PUBLIC}/k/{{{{title}}}}?sound=bell"}, "sound"),
    ],
)
def test_options_that_bark_does_not_have_are_explained(form, field):
    with pytest.raises(TargetRefused) as refusal:
        BarkTarget.parse({"url": f"{PUBLIC}/k/{{{{title}}}}", **form})
    assert list(refusal.value.errors) == [field]


def test_urls_of_apprise_are_read():
    made = BarkTarget.parse({"url": "barks://93.184.215.14:8443/Key-1/?level=critical&group=a%20b&sound=alarm"})
    assert made == BarkTarget(f"{PUBLIC}:8443/Key-1/{{{{title}}}}/{{{{content}}}}", "critical", "a b", "alarm")
    assert bark.from_apprise("bark://bark.example.com/Key") == {
        "url": "http://bark.example.com/Key/{{title}}/{{content}}"
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("barks://example.com/", "key of one device"),
        ("barks://example.com/one/two", "key of one device"),
        ("barks://me:pw@example.com/key", "password"),
        ("barks://example.com/key?icon=x", "Leave out icon"),
        ("bark://127.0.0.1/key", "TOLLGATE_OUTBOUND_ALLOW"),
    ],
)
def test_urls_of_apprise_that_will_not_do_are_explained(url, words):
    with pytest.raises(TargetRefused, match=words):
        BarkTarget.parse({"url": url})
