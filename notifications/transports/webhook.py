"""Webhooks: a POST of JSON, signed by Standard Webhooks, or in the format of a bot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from notifications.transports import replies, signing, template
from notifications.transports.base import Answer, Form, Message, TargetRefused, mask
from notifications.transports.exchange import MASKED, Request, exchange
from notifications.transports.formats import FORMATS, JSON, Given
from notifications.transports.kept import Kept, checked_url
from notifications.transports.signing import Secret

SIGNED = {"standard", "template"}  # by Standard Webhooks
BOT_SECRET = re.compile(r"[!-~]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WebhookTarget(Kept):
    """A receiver; the newest of its secrets comes first."""

    url: str
    format: str = "standard"
    template: str = ""
    secrets: tuple[Secret, ...] = ()

    @classmethod
    def parse(cls, form: Form, *, old: Self | None = None) -> Self:
        """Return what a form says; without a `secret` the old one stays, and a new receiver gets a new one.

        Raises TargetRefused.
        """
        kind = form.get("format", "").strip() or "standard"
        if kind not in FORMATS:
            raise TargetRefused(format=_("The format is one of %(known)s.") % {"known": ", ".join(FORMATS)})
        body = template.check(form.get("template", "").strip()) if kind == "template" else ""
        kept = old.secrets if old and family(old.format) == family(kind) else ()
        return cls(checked_url(form.get("url", "")), kind, body, _secrets(form.get("secret", "").strip(), kind, kept))

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Return it from what stands in JSON."""
        secrets = tuple(
            Secret(text, datetime.fromisoformat(until) if until else None) for text, until in fields.pop("secrets")
        )
        return cls(**fields, secrets=secrets)

    def fields(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        pairs = [(secret.text, secret.until.isoformat() if secret.until else None) for secret in self.secrets]
        return {"url": self.url, "format": self.format, "template": self.template, "secrets": pairs}

    def rotated(self) -> "WebhookTarget":
        """Return it with a new secret; the one before signs beside it for 24 hours."""
        return replace(self, secrets=signing.replace(self.secrets, signing.mint(), timezone.now()))

    def shown(self) -> dict[str, str]:
        """Return its fields, the secret as a hint."""
        secret = mask(self.secrets[0].text) if self.secrets else ""
        return {"url": self.url, "format": self.format, "template": self.template, "secret": secret}


Target = WebhookTarget


def family(kind: str) -> str:
    """Return what the secret of a format is good for."""
    return "signed" if kind in SIGNED else kind


def send(target: WebhookTarget, message: Message) -> Answer:
    """Send a message. Raises TransportFailed."""
    now = timezone.now()
    secret = target.secrets[0].text if target.secrets else ""
    call = FORMATS[target.format](message, Given(secret, target.template, now))
    headers = JSON | (_signature(target, message, call.body, now) if target.format in SIGNED else {})
    request = Request(
        "POST",
        _extended(target.url, call.added),
        headers,
        call.body,
        shown={"webhook-signature": f"v1,{MASKED}"},
        shown_body=call.shown,
    )
    with translation.override(message.language):
        answer, body = exchange(request)
        replies.check(target.format, body, answer)
    return answer


def _signature(target: WebhookTarget, message: Message, body: bytes, now: datetime) -> dict[str, str]:
    return signing.headers(target.secrets, message_id=message.id, body=body, now=now)


def _extended(url: str, added: Mapping[str, str]) -> str:
    query = "&".join(f"{name}={value}" for name, value in added.items())
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _secrets(entered: str, kind: str, kept: tuple[Secret, ...]) -> tuple[Secret, ...]:
    if kind not in SIGNED:
        if entered and not BOT_SECRET.fullmatch(entered):
            raise TargetRefused(secret=_("Enter the secret as the security settings of the bot show it."))
        return (Secret(entered),) if entered and kind != "slack" else kept
    if not entered:
        return kept or (signing.mint(),)
    if kept and kept[0].text == entered:
        return kept
    try:
        return signing.replace(kept, signing.read(entered), timezone.now())
    except signing.SecretRefused as error:
        text = _("A secret is whsec_ and 24 to 64 bytes in Base64. Leave the field empty to have one made.")
        raise TargetRefused(secret=text) from error
