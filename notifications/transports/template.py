"""A body that its owner writes: JSON with placeholders inside its texts, filled in without touching another byte."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from common import strictjson
from notifications.transports.base import Message, TargetRefused

NAMES = ("title", "content", "type", "timestamp", "id")
PLACEHOLDER = re.compile(r"\{\{\s*([\w.]*)\s*\}\}", re.ASCII)
KNOWN = re.compile(r"title|content|type|timestamp|id|data\.\w{1,64}", re.ASCII)
BRACES = re.compile(r"\{\{|\}\}")
LONGEST = 8_000  # characters
SECRETIVE = re.compile(r"[\w\-+/=.:]{16,}")  # what may well be a token


def check(template: str) -> str:
    """Return a template that can be filled in whatever a message says. Raises TargetRefused for `template`."""
    if len(template) > LONGEST:
        raise _refused(_("The template is longer than %(most)d characters.") % {"most": LONGEST})
    try:
        parsed = strictjson.parse(template.encode())
    except (strictjson.Malformed, UnicodeEncodeError) as error:
        text = _("The template is no JSON. Write placeholders inside quotes, as in %(example)s. (%(problem)s)")
        raise _refused(text % {"example": '{"text": "{{title}}: {{content}}"}', "problem": str(error)}) from error
    if not isinstance(parsed, dict | list):
        raise _refused(_("The template must be an object or a list."))
    _check_placeholders(template, parsed)
    return template


def _check_placeholders(template: str, parsed: Any) -> None:
    if any(PLACEHOLDER.search(name) for name in _names(parsed)):
        raise _refused(_("Placeholders stand in values, not in the names of fields."))
    names, texts = PLACEHOLDER.findall(template), list(_texts(parsed))
    for name in names:
        if not KNOWN.fullmatch(name):
            text = _("There is no {{%(name)s}}: use %(known)s or a value of the event, such as {{data.balance_usd}}.")
            known = ", ".join(f"{{{{{known}}}}}" for known in NAMES)
            raise _refused(text % {"name": name, "known": known})
    escaped = sum(len(PLACEHOLDER.findall(text)) for text in texts) != len(
        names
    )  # written as \u007b, it would not be filled in
    if escaped or any(BRACES.search(PLACEHOLDER.sub("", text)) for text in texts):
        raise _refused(_("A placeholder is not closed, or not opened: it is written {{title}}."))
    if not names:
        raise _refused(_("The template says nothing of the message: put {{title}} or {{content}} into it."))


def fill(template: str, message: Message) -> str:
    """Return a checked template with the texts of a message; a value that the event does not have is empty."""
    texts = {
        "title": message.title,
        "content": message.content,
        "type": message.type,
        "timestamp": message.timestamp.isoformat(),
        "id": message.id,
    }

    def text(name: str) -> str:
        if name in texts:
            return texts[name]
        value = message.data.get(name.removeprefix("data."), "")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    # a placeholder of a valid template always stands inside a text, where what json.dumps writes between quotes fits
    return PLACEHOLDER.sub(lambda match: json.dumps(text(match[1]), ensure_ascii=False)[1:-1], template)


def shown(template: str) -> str:
    """Return a template with everything covered that may be a token."""
    return SECRETIVE.sub("••••", template)


def _refused(text: str) -> TargetRefused:
    return TargetRefused(template=text)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
