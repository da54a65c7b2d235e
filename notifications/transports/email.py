"""E-mail: by the server of EMAIL_URL, or as files in the data folder where there is none."""

import base64
import json
import os
import smtplib
import ssl
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.transports.base import Form, TargetRefused, TransportFailed

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
NO_TLS = gettext_noop(
    "The mail server offers no STARTTLS, and a password is not sent in clear. Ask your administrator."
)
PERMANENT = 500  # SMTP replies from here on will not change (RFC 5321 4.2.1)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, as EMAIL_URL names it: smtp(s)://user:password@host:port, user and password percent-encoded."""

    host: str
    port: int
    user: str
    password: str
    tls: bool

    @classmethod
    def of(cls, url: str) -> "Server":
        """Return what a URL says. Raises ValueError for one that names no mail server."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("EMAIL_URL must read smtp://user:password@host:port or smtps://…")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
        )


def pack(sender: str, recipients: Sequence[str], raw: bytes) -> str:
    """Return a whole message and its envelope as the payload of a delivery."""
    envelope = {"from": parseaddr(sender)[1], "to": [parseaddr(to)[1] for to in recipients]}
    envelope["language"] = translation.get_language() or settings.LANGUAGE_CODE
    return json.dumps({**envelope, "raw": base64.b64encode(raw).decode()})


@dataclass(frozen=True, slots=True)
class EmailTarget:
    """A mailbox."""

    address: str

    @classmethod
    def parse(cls, form: Form) -> Self:
        """Return what a form says. Raises TargetRefused."""
        address = form.get("address", "").strip()
        try:
            validate_email(address)
        except ValidationError as error:
            raise TargetRefused(address=_("Enter an e-mail address, such as name@example.com.")) from error
        return cls(address)


def recipients(payload: str) -> set[str]:
    """Return the addresses that a packed letter goes to, in lower case."""
    return {address.lower() for address in json.loads(payload)["to"]} if payload else set()


def post(delivery_id: int, payload: str) -> str:
    """Send a packed letter and return what became of it, in its language. Raises TransportFailed."""
    letter = json.loads(payload)
    raw = base64.b64decode(letter["raw"])
    with translation.override(letter.get("language", settings.LANGUAGE_CODE)):
        try:
            if not settings.EMAIL_URL:
                return _write(delivery_id, raw)
            return _send(Server.of(settings.EMAIL_URL), letter["from"], letter["to"], raw)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _failure(error) from error


def _failure(error: Exception) -> TransportFailed:
    """Return what went wrong, in words. A refused message stays refused; a password or a server may be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max(code for code, _text in error.recipients.values())
        text = _("The mail server refuses this address (%(code)d). Check it, or enter another one.")
        return TransportFailed(text % {"code": code}, permanent=code >= PERMANENT)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        text = _("The mail server does not accept its user and password (%(code)d). Ask your administrator.")
        return TransportFailed(text % {"code": error.smtp_code})
    if isinstance(error, smtplib.SMTPResponseException):
        final = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= PERMANENT
        refused = _("The mail server refuses the message (%(code)d). Ask your administrator.")
        busy = _("The mail server does not take the message now (%(code)d). It is tried again.")
        return TransportFailed((refused if final else busy) % {"code": error.smtp_code}, permanent=final)
    text = _(
        "The mail could not be handed over (%(problem)s). It is tried again; if this goes on, ask your administrator."
    )
    return TransportFailed(text % {"problem": type(error).__name__})


def forget(addresses: Collection[str]) -> int:
    """Delete the messages to one of these addresses that were written to files; return how many."""
    found = [path for path in Path(settings.EMAIL_FILES).glob("*.eml") if _recipients(path) & set(addresses)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def files() -> dict[int, Path]:
    """Return the messages that were written to files, by the id of their delivery."""
    found = Path(settings.EMAIL_FILES).glob("*.eml")
    return {int(path.stem): path for path in found if path.stem.isdecimal()}


def _recipients(path: Path) -> set[str]:
    with path.open("rb") as file:
        headers = BytesHeaderParser().parse(file)
    return {address.lower() for _name, address in getaddresses(headers.get_all("to", []))}


def _send(server: Server, sender: str, recipients: list[str], raw: bytes) -> str:
    context = ssl.create_default_context()
    if server.tls:
        client: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=settings.EMAIL_TIMEOUT, context=context
        )
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=settings.EMAIL_TIMEOUT)
    with client:
        client.ehlo()
        secure = server.tls
        if not secure and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
            secure = True
        if server.user:
            if not secure and server.host not in LOOPBACK:
                raise TransportFailed(_(NO_TLS))
            client.login(server.user, server.password)
        refused = client.sendmail(sender, recipients, raw)
    if refused:
        text = _("sent by %(server)s, but not to %(count)d of its recipients")
        return text % {"server": server.host, "count": len(refused)}
    return _("sent by %(server)s") % {"server": server.host}


def _write(delivery_id: int, raw: bytes) -> str:
    folder = Path(settings.EMAIL_FILES)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{delivery_id:08d}.eml"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
    return _("written to %(file)s") % {"file": path.name}
