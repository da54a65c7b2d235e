"""Webhook bodies: the standard one, those of the bots of chat programs, and the owner's own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote_plus

from notifications.transports import template
from notifications.transports.base import Message

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Call:
    """What a format makes of a message: the body, what is added to the URL, and the body fit to be shown."""

    body: bytes
    added: Mapping[str, str] = field(default_factory=dict)
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a format may need beside the message."""

    secret: str  # of the bot; empty where it has none
    template: str
    now: datetime


def standard(message: Message, _given: Given) -> Call:
    """Return the body of the contract, with the time of the event (RFC 3339)."""
    body = {
        "type": message.type,
        "timestamp": message.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": dict(message.data),
        "title": message.title,
        "content": message.content,
    }
    return Call(_json(body))


def slack(message: Message, _given: Given) -> Call:
    """Return a message of Slack, and of what takes Slack's (https://docs.slack.dev/messaging/formatting-message-text)."""
    return Call(_json({"text": f"*{_mrkdwn(message.title)}*\n{_mrkdwn(message.content)}"}))


def feishu(message: Message, given: Given) -> Call:
    """Return a message of a Feishu or Lark bot: a post, whose texts mention nobody, whatever stands in them."""
    post = {"title": message.title, "content": [[{"tag": "text", "text": message.content}]]}
    language = "zh_cn" if message.language.startswith("zh") else "en_us"
    body: dict[str, object] = {"msg_type": "post", "content": {"post": {language: post}}}
    if not given.secret:
        return Call(_json(body))
    timestamp = str(int(given.now.timestamp()))
    signed = {"timestamp": timestamp, "sign": _hmac(f"{timestamp}\n{given.secret}", ""), **body}
    return Call(_json(signed), shown=_json({**signed, "sign": "••••"}).decode())


def dingtalk(message: Message, given: Given) -> Call:
    """Return a message of a DingTalk bot; its signature goes into the URL."""
    body = _json({"msgtype": "text", "text": {"content": f"{message.title}\n{message.content}"}})
    if not given.secret:
        return Call(body)
    timestamp = str(int(given.now.timestamp() * 1000))
    return Call(body, {"timestamp": timestamp, "sign": quote_plus(_hmac(given.secret, f"{timestamp}\n{given.secret}"))})


def own(message: Message, given: Given) -> Call:
    """Return the owner's template, filled in."""
    return Call(
        template.fill(given.template, message).encode(), shown=template.fill(template.shown(given.template), message)
    )


FORMATS: Mapping[str, Callable[[Message, Given], Call]] = {
    "standard": standard,
    "slack": slack,
    "feishu": feishu,
    "dingtalk": dingtalk,
    "template": own,
}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _mrkdwn(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()
