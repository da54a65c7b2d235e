"""The bots of chat programs, and bodies that owners write themselves."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.transports import signing, template, webhook
from notifications.transports.base import Message, TargetRefused, TransportFailed
from notifications.transports.signing import Secret
from notifications.transports.webhook import WebhookTarget
from tests.peers.receiver import reply

NOW = datetime(2026, 11, 25, 12, 1, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
BOT = Secret("SECbotcanary")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS, st.lists)


@pytest.fixture
def send(receiver, message):
    """Send the message to the receiver in a format; return what arrived."""

    def sent(kind: str, *, secret: Secret | None = None, body: str = "", message: Message = message):
        target = WebhookTarget(f"{receiver.url}/bot/hook-canary", kind, body, (secret,) if secret else ())
        with time_machine.travel(NOW, tick=False):
            answer = webhook.send(target, message)
        assert "canary" not in answer.request
        return receiver.last

    return sent


def mac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_slack_gets_a_text_that_mentions_nobody(send, message):
    received = send("slack", message=replace(message, title="<!channel> & more"))
    assert (received.target, received.body) == (
        "/bot/hook-canary",
        '{"text":"*&lt;!channel&gt; &amp; more*\\n'
        "The balance of mei's account is $3.42 &amp; falling.\\n\\nCalls go on: 余额 &lt;5%.\"}".encode(),
    )
    assert not [name for name, _ in received.headers if name.startswith("webhook-")]


def test_feishu_gets_a_post_and_a_signature(send, message):
    received = send("feishu", secret=BOT)
    post = {"title": message.title, "content": [[{"tag": "text", "text": message.content}]]}
    assert json.loads(received.body) == {
        "timestamp": SECONDS,
        "sign": mac(f"{SECONDS}\n{BOT.text}", ""),
        "msg_type": "post",
        "content": {"post": {"en_us": post}},
    }
    assert received.target == "/bot/hook-canary"


def test_a_feishu_bot_without_a_secret_gets_no_signature(send, message):
    chinese = json.loads(send("feishu", message=replace(message, language="zh-hans")).body)
    assert set(chinese) == {"msg_type", "content"}
    assert list(chinese["content"]["post"]) == ["zh_cn"]


def test_dingtalk_gets_its_signature_in_the_url(send, message):
    received = send("dingtalk", secret=BOT)
    parts = urlsplit(received.target)
    assert parts.path == "/bot/hook-canary"
    assert dict(parse_qsl(parts.query, strict_parsing=True)) == {
        "timestamp": SECONDS + "000",
        "sign": mac(BOT.text, f"{SECONDS}000\n{BOT.text}"),
    }
    assert json.loads(received.body) == {"msgtype": "text", "text": {"content": f"{message.title}\n{message.content}"}}


def test_a_signature_is_added_to_a_query_that_is_there(receiver, message):
    target = WebhookTarget(f"{receiver.url}/robot/send?access_token=abc", "dingtalk", "", (BOT,))
    webhook.send(target, message)
    assert receiver.last.target.startswith("/robot/send?access_token=abc&timestamp=")


@pytest.mark.parametrize(
    ("kind", "body", "words", "permanent"),
    [
        ("feishu", b'{"code":19021,"msg":"canary"}', "signature", True),
        ("feishu", b'{"code":19024}', "keyword", True),
        ("feishu", b'{"code":11232}', "no more messages for now", False),
        ("feishu", b'{"StatusCode":77}', "error 77", False),
        ("dingtalk", b'{"errcode":310000,"errmsg":"canary"}', "choose a signature there", True),
        ("dingtalk", b'{"errcode":300005}', "no bot at this URL", True),
        ("dingtalk", b'{"errcode":130101}', "no more messages for now", False),
        ("dingtalk", b'{"errcode":-5}', "error -5", False),
        ("feishu", b'{"code":0,"msg":"success"}', "", None),
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', "", None),
        ("slack", b"ok", "", None),
        ("standard", b'{"code":19021}', "", None),
        ("dingtalk", b"[" * 60_000, "", None),
        ("dingtalk", b'{"errcode":"310000"}', "", None),
    ],
)
def test_a_bot_that_says_200_and_took_nothing_is_understood(receiver, message, kind, body, words, permanent):
    receiver.answer = reply(200, body)
    target = WebhookTarget(receiver.url, kind, "", (signing.mint() if kind == "standard" else BOT,))
    if permanent is None:
        assert webhook.send(target, message).status == 200
        return
    with pytest.raises(TransportFailed, match=words) as failure:
        webhook.send(target, message)
    assert failure.value.permanent is permanent
    assert "canary" not in f"{failure.value} {failure.value.answer}"


def test_an_own_body_keeps_every_byte_but_the_placeholders(send, message):
    own = '{ "to" : "ops",\n "text": "{{title}} | {{ data.balance_usd }} | {{data.none}}", "n": 1.50, "e": "\\u00e9"}'
    received = send("template", secret=signing.mint(), body=own)
    assert received.body.decode() == own.replace("{{title}}", message.title).replace(
        "{{ data.balance_usd }}", "3.42"
    ).replace("{{data.none}}", "")
    assert received.header("webhook-signature").startswith("v1,")


def test_a_token_inside_an_own_body_is_not_shown(receiver, message):
    own = '{"api_token": "canary-of-a-long-token", "text": "{{content}}"}'
    answer = webhook.send(WebhookTarget(receiver.url, "template", own, (signing.mint(),)), message)
    assert b"canary-of-a-long-token" in receiver.last.body
    assert "canary" not in answer.request


@pytest.mark.req("I12")
@example("{{content}}", '"}, {"a": "', "{{title}}")
@example("\\", '\\"', "\u2028\x00\x7f\n")
@example("{{7*7}}", "{0.__class__}", "%s")
@given(TEXTS, TEXTS, JSON)
def test_any_value_is_text_within_its_place_and_nothing_else(title, content, value):
    message = Message(1, "quota.low", NOW, "en", title, content, {"x": value})
    own = template.check(
        '{"a": "<{{title}}|{{content}}>", "b": ["{{data.x}}", "{{title}}", true], "{ok}": "{{id}}{{type}}"}'
    )
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    assert json.loads(template.fill(own, message)) == {
        "a": f"<{title}|{content}>",
        "b": [text, title, True],
        "{ok}": "msg_1quota.low",
    }


@given(st.text(max_size=60) | TEXTS.map(lambda text: json.dumps({"a": "{{title}}" + text}, ensure_ascii=False)))
def test_any_template_is_either_refused_or_makes_json(text):
    try:
        own = template.check(text)
    except TargetRefused:
        return
    json.loads(template.fill(own, Message(1, "x", NOW, "en", '"\\', "\n", {})))


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("", "no JSON"),
        ("{{title}}", "inside quotes"),
        ('{"a": {{title}}}', "inside quotes"),
        ('{"a": "{{title}}",}', "no JSON"),
        ('{"a": 1, "a": "{{title}}"}', "stands twice"),
        ('"{{title}}"', "object or a list"),
        ('{"a": "{{titel}}"}', "There is no {{titel}}"),
        ('{"a": "{{title.__class__}}"}', "There is no {{title.__class__}}"),
        ('{"a": "{{}}"}', "There is no {{}}"),
        ('{"a": "{{title}"}', "not closed"),
        ('{"a": "{{title}} }}"}', "not opened"),
        ('{"a": "{{title|upper}}"}', "not closed"),
        ('{"a": "\\u007b\\u007btitle}} {{content}}"}', "not closed"),
        ('{"{{title}}": "a"}', "not in the names"),
        ('{"a": "nothing"}', "says nothing"),
        ('{"a": "{{title}}' + "x" * 8000 + '"}', "longer"),
        ('{"a": "\ud800{{title}}"}', "no JSON"),
    ],
)
def test_a_template_that_will_not_do_is_explained(own, words):
    with pytest.raises(TargetRefused) as refusal:
        WebhookTarget.parse({"url": "https://93.184.215.14", "format": "template", "template": own})
    assert words in refusal.value.errors["template"]
