"""URLs as Apprise writes them (gotify://, bark://): another spelling of the fields of a form."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common import outbound
from notifications.transports.base import TargetRefused


class Parts(NamedTuple):
    """What such a URL says."""

    origin: str  # https://host[:port]
    path: str
    query: str


def split(text: str, *, secure: str) -> Parts:
    """Return the parts of a URL, with https where its scheme is `secure`. Raises TargetRefused for `url`."""
    scheme, _colon, rest = text.strip().partition(":")
    try:
        url = outbound.check_url(("https:" if scheme.lower() == secure else "http:") + rest)
    except outbound.UrlRefused as error:
        raise TargetRefused(url=_(str(error))) from error
    parts = urlsplit(url)
    return Parts(f"{parts.scheme}://{parts.netloc}", parts.path, parts.query)


def refuse(options: Mapping[str, str]) -> None:
    """Raise TargetRefused if anything was asked that has no field here."""
    if options:
        names = ", ".join(sorted(options))[:100]
        raise TargetRefused(url=_("Leave out %(names)s: there is no such option here.") % {"names": names})
