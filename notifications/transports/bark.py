"""Bark: one GET of a URL that the owner writes, with the message escaped into its path."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.utils import translation
from django.utils.translation import gettext as _

from common import strictjson
from notifications.transports import apprise
from notifications.transports.base import Answer, Form, Message, TargetRefused, TransportFailed
from notifications.transports.exchange import Request, exchange
from notifications.transports.kept import Kept, checked_url

NAMES = ("title", "content")
PLACEHOLDER = re.compile(r"\{\{(\w*)\}\}", re.ASCII)
SPACED = re.compile(r"\{\{\s*(\w*)\s*\}\}", re.ASCII)
LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
LEVELS = ("", "active", "timeSensitive", "passive", "critical")
LABEL = re.compile(r"[^\x00-\x1f\x7f]{0,64}")
SOUND = re.compile(r"[A-Za-z0-9_.-]{0,64}", re.ASCII)
MOST_TITLE, MOST_CONTENT = 100, 500  # characters: escaped, a Chinese one is nine bytes long, and servers take 8 KiB
EXAMPLE = "https://api.day.app/your-key/{{title}}/{{content}}"
OK = 200


@dataclass(frozen=True, slots=True)
class BarkTarget(Kept):
    """A device; `url` holds its key, and {{title}} and {{content}} where they belong."""

    url: str
    level: str = ""
    group: str = ""
    sound: str = ""

    @classmethod
    def parse(cls, form: Form, *, old: Self | None = None) -> Self:
        """Return what a form says; `url` may be bark(s)://host/key. Raises TargetRefused."""
        url = form.get("url", "").strip()
        if url.lower().startswith(("bark://", "barks://")):
            return cls.parse({**form, **from_apprise(url)})
        if not url and old:
            url = old.url
        target = cls(checked_url(_template(url)), **{name: form.get(name, "").strip() for name in ADDED})
        target._check()
        return target

    def _check(self) -> None:
        if self.level not in LEVELS:
            raise TargetRefused(level=_("The level is active, timeSensitive, passive or critical."))
        if not LABEL.fullmatch(self.group):
            raise TargetRefused(group=_("The group is a text of at most 64 characters."))
        if not SOUND.fullmatch(self.sound):
            raise TargetRefused(sound=_("The sound is one of Bark's names, such as alarm or minuet."))
        taken = {name for name, _value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True)}
        for name in ADDED:
            if getattr(self, name) and name in taken:
                text = _("The URL says %(name)s already: leave it out there, or leave this field empty.")
                raise TargetRefused(**{name: text % {"name": name}})

    def shown(self) -> dict[str, str]:
        """Return its fields; the URL is what its owner wrote."""
        return {"url": self.url, "level": self.level, "group": self.group, "sound": self.sound}

    def filled(self, title: str, content: str) -> str:
        """Return the URL that says a message."""
        values = {"title": escape(title), "content": escape(content)}
        url = PLACEHOLDER.sub(lambda match: values[match[1]], self.url)
        added = urlencode({name: value for name in ADDED if (value := getattr(self, name))}, quote_via=quote, safe="")
        return f"{url}{'&' if '?' in url else '?'}{added}" if added else url


ADDED = ("level", "group", "sound")
Target = BarkTarget


def escape(text: str) -> str:
    """Return a text as one segment of a path: no slash ends it, and no dots lead out of it (RFC 3986 3.3)."""
    escaped = quote(text, safe="")
    return escaped if escaped.strip(".") else escaped.replace(".", "%2E")


def from_apprise(text: str) -> dict[str, str]:
    """Return the form that bark(s)://host[:port]/key[?level=&group=&sound=] stands for. Raises TargetRefused."""
    parts = apprise.split(text, secure="barks")
    keys = [part for part in parts.path.split("/") if part]
    if len(keys) != 1:
        raise TargetRefused(url=_("After the host comes the key of one device: barks://host/key."))
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    form = {name: options.pop(name) for name in ADDED if name in options}
    apprise.refuse(options)
    return {**form, "url": f"{parts.origin}/{keys[0]}/{{{{title}}}}/{{{{content}}}}"}


def send(target: BarkTarget, message: Message) -> Answer:
    """Send a message. Raises TransportFailed."""
    url = target.filled(_cut(message.title, MOST_TITLE), _cut(message.content, MOST_CONTENT))
    with translation.override(message.language):
        try:
            answer, body = exchange(Request("GET", url))
        except TransportFailed as failure:
            if failure.answer and failure.answer.status in {400, 404}:
                raise _unknown(failure.answer) from failure
            raise
        code = _code(body)
        if code in {400, 404}:
            raise _unknown(answer)
        if code != OK:
            text = _("Bark took the request but reports the error %(code)s. It is tried again.")
            raise TransportFailed(text % {"code": code}, answer=answer)
        return answer


def _unknown(answer: Answer) -> TransportFailed:
    text = _("Bark does not know this device. Copy the URL from the Bark app again.")
    return TransportFailed(text, permanent=True, answer=answer)


def _code(body: bytes) -> int:
    """Return the `code` of an answer; servers that only speak like Bark may leave it out."""
    try:
        said = strictjson.parse(body)
    except strictjson.Malformed:
        return OK
    code = said.get("code", OK) if isinstance(said, dict) else OK
    return code if isinstance(code, int) else OK


def _template(text: str) -> str:
    """Return a template in its plain form. Raises TargetRefused, which says what is wrong with it."""
    url = SPACED.sub(r"{{\1}}", text)
    names = PLACEHOLDER.findall(url)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        told = _("There is no {{%(name)s}}: a Bark URL has {{title}} and {{content}}.") % {"name": unknown[0]}
        raise TargetRefused(url=told)
    rest = PLACEHOLDER.sub("", url)
    if "{" in unquote(rest) or "}" in unquote(rest):
        raise TargetRefused(url=_("A brace stands alone: placeholders are written {{title}} and {{content}}."))
    if "{{" in url.partition("://")[2].partition("/")[0].partition("?")[0]:
        raise TargetRefused(url=_("The host must stand there as it is: placeholders go into the path."))
    if LOOSE_PERCENT.search(rest):
        raise TargetRefused(url=_("A percent sign in a URL is written %25."))
    if url and not names:
        raise TargetRefused(url=_("The URL must say where the message goes: %(example)s") % {"example": EXAMPLE})
    return url


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
