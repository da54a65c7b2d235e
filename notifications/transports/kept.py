"""What targets have in common: they are kept as JSON, and their URLs are judged by the guarded door."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from common import outbound
from notifications.transports.base import TargetRefused
from notifications.transports.exchange import FAILURES

LONGEST_URL = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Kept:
    """A target whose fields are texts and numbers."""

    def dump(self) -> str:
        """Return it as text for an encrypted column."""
        return json.dumps(self.fields())

    def fields(self) -> dict[str, Any]:
        """Return it as it stands in JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def load(cls, text: str) -> Self:
        """Return what was dumped."""
        return cls.of(json.loads(text))

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Return it from what stands in JSON."""
        return cls(**fields)


def checked_url(text: str) -> str:
    """Return a URL that messages may go to, as far as can be told beforehand. Raises TargetRefused for `url`."""
    url = text.strip()
    if not url:
        raise TargetRefused(url=_("Enter the URL that messages go to."))
    if len(url) > LONGEST_URL:
        raise TargetRefused(url=_("The URL is longer than %(most)d characters.") % {"most": LONGEST_URL})
    try:
        checked = outbound.check_url(url)
        outbound.check_reach(checked)
    except outbound.UrlRefused as error:
        raise TargetRefused(url=_(str(error))) from error
    except outbound.AddressRefused as error:
        raise TargetRefused(url=_(FAILURES["private"])) from error
    return checked
