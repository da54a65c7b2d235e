"""Gotify: POST /message with the token of an application in a header, never in the URL."""

import json
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from django.utils import translation
from django.utils.translation import gettext as _

from notifications.transports import apprise
from notifications.transports.base import Answer, Form, Message, TargetRefused, TransportFailed, mask
from notifications.transports.exchange import MASKED, Request, exchange
from notifications.transports.kept import Kept, checked_url

PRIORITIES = range(11)
USUAL_PRIORITY = 5
TOKEN = re.compile(r"[!-~]{1,200}", re.ASCII)
NAMED = {"l": "0", "m": "3", "n": "5", "h": "8", "e": "10"}  # low to emergency, of which Apprise reads one letter


@dataclass(frozen=True, slots=True)
class GotifyTarget(Kept):
    """An application of a Gotify server."""

    url: str  # of the server, without /message
    token: str
    priority: int = USUAL_PRIORITY

    @classmethod
    def parse(cls, form: Form, *, old: Self | None = None) -> Self:
        """Return what a form says; `url` may be gotify(s)://host/token. Raises TargetRefused."""
        url = form.get("url", "").strip()
        if url.lower().startswith(("gotify://", "gotifys://")):
            return cls.parse({**form, **from_apprise(url)})
        url = checked_url(url).rstrip("/").removesuffix("/message")
        if urlsplit(url).query:
            raise TargetRefused(url=_("Enter the URL without ?; the token has a field of its own."))
        return cls(url, _token(form.get("token", "").strip(), url, old), _priority(form.get("priority", "").strip()))

    def shown(self) -> dict[str, str]:
        """Return its fields, the token as a hint."""
        return {"url": self.url, "token": mask(self.token), "priority": str(self.priority)}


Target = GotifyTarget


def from_apprise(text: str) -> dict[str, str]:
    """Return the form that gotify(s)://host[:port]/[path/]token[?priority=] stands for. Raises TargetRefused."""
    parts = apprise.split(text, secure="gotifys")
    path, _slash, token = parts.path.rstrip("/").rpartition("/")
    if not token:
        raise TargetRefused(url=_("After the host comes the token of the application: gotifys://host/token."))
    form = {"url": f"{parts.origin}{path}", "token": token}
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if priority := options.pop("priority", ""):
        form["priority"] = NAMED.get(priority[:1].lower(), priority)
    apprise.refuse(options)
    return form


def send(target: GotifyTarget, message: Message) -> Answer:
    """Send a message. Raises TransportFailed."""
    body = {"title": message.title, "message": message.content, "priority": target.priority}
    request = Request(
        "POST",
        f"{target.url}/message",
        {"Content-Type": "application/json", "X-Gotify-Key": target.token},
        json.dumps(body, ensure_ascii=False).encode(),
        shown={"X-Gotify-Key": MASKED},
    )
    with translation.override(message.language):
        try:
            return exchange(request)[0]
        except TransportFailed as failure:
            if failure.status not in {401, 403}:
                raise
            text = _("Gotify does not know this token (HTTP %(status)d). Copy the token of the application again.")
            raise TransportFailed(text % {"status": failure.status}, permanent=True, answer=failure.answer) from failure


def _token(entered: str, url: str, old: GotifyTarget | None) -> str:
    if not entered and old:
        if urlsplit(old.url)[:2] != urlsplit(url)[:2]:  # or whoever can change the URL could have the token sent there
            raise TargetRefused(token=_("The server is another one: enter its token."))
        return old.token
    if not TOKEN.fullmatch(entered):
        raise TargetRefused(token=_("Enter the token of the application, as Gotify shows it under Apps."))
    return entered


def _priority(entered: str) -> int:
    if not entered:
        return USUAL_PRIORITY
    if not re.fullmatch("[0-9]{1,2}", entered) or int(entered) not in PRIORITIES:
        raise TargetRefused(priority=_("The priority is a number from 0 to 10."))
    return int(entered)
