"""One HTTP exchange of a transport, told afterwards in words that its owner may read.

Nothing that came back is quoted: an allowed address may be one that the owner could not read by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import outbound
from notifications.transports.base import EXCERPT, Answer, TransportFailed

MASKED = "••••"
GONE, TOO_MANY = 410, 429
FAILURES = {
    "late": gettext_noop("No complete answer within 10 seconds. Check that the receiver is up; it is tried again."),
    "private": gettext_noop(
        "The address of this host is private. Use a public one, or ask your administrator to add its network to "
        "TOLLGATE_OUTBOUND_ALLOW."
    ),
    "redirect": gettext_noop(
        "The receiver answers with a redirect, and redirects are not followed. Enter the final URL."
    ),
    "certificate": gettext_noop(
        "The certificate of the receiver could not be verified. Give it one that browsers trust."
    ),
    "connection": gettext_noop(
        "The connection could not be opened, or it broke off. Check host and port, and that the receiver is up; "
        "it is tried again."
    ),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and what of it may be shown: `shown` headers and `shown_body` stand in for secret ones."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    shown: Mapping[str, str] = field(default_factory=dict)
    shown_body: str | None = None

    def excerpt(self) -> str:
        """Return it as its owner may see it; of the URL only where it leads, since paths hold keys."""
        parts = urlsplit(self.url)
        lines = [f"{self.method} {parts.scheme}://{parts.netloc}/{MASKED}"]
        lines += [f"{name}: {self.shown.get(name, value)}" for name, value in self.headers.items()]
        body = self.body.decode() if self.shown_body is None else self.shown_body
        return "\n".join([*lines, "", body] if body else lines)[:EXCERPT]


def exchange(request: Request) -> tuple[Answer, bytes]:
    """Return how it went, and the body of an answer that says 2xx. Raises TransportFailed."""
    try:
        reply = outbound.request(request.method, request.url, headers=request.headers, body=request.body)
    except outbound.OutboundFailed as failure:
        answer = Answer(0, request.excerpt(), "")
        raise TransportFailed(_(FAILURES[failure.kind]), permanent=failure.permanent, answer=answer) from failure
    except outbound.UrlRefused as error:
        raise TransportFailed(_(str(error)), permanent=True, answer=Answer(0, request.excerpt(), "")) from error
    answer = Answer(reply.status, request.excerpt(), _summary(reply))
    if not 200 <= reply.status < 300:  # noqa: PLR2004
        raise TransportFailed(_refusal(reply.status), permanent=reply.status == GONE, answer=answer)
    return answer, reply.body


def _summary(reply: outbound.Reply) -> str:
    numbers = {"status": reply.status, "size": len(reply.body)}
    if reply.complete:
        return _("HTTP %(status)d, %(size)d bytes") % numbers
    return _("HTTP %(status)d, more than %(size)d bytes") % numbers


def _refusal(status: int) -> str:
    if status in {401, 403}:
        text = _("The receiver answers HTTP %(status)d: it does not let the message in. Check secret, token and URL.")
    elif status in {404, 405, GONE}:
        text = _("The receiver answers HTTP %(status)d: nothing takes messages at this URL. Check it.")
    elif status == TOO_MANY:
        text = _("The receiver answers HTTP %(status)d: too many messages for now. It is tried again.")
    elif status >= 500:  # noqa: PLR2004
        text = _("The receiver answers HTTP %(status)d: it has a fault of its own. It is tried again.")
    else:
        text = _("The receiver answers HTTP %(status)d; only 2xx counts as received. Check URL and format.")
    return text % {"status": status}
