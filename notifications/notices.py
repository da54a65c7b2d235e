"""What methods other than mail are given of an event: the same words, and its facts for programs."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from common import money
from notifications.letters import url_of
from notifications.text import Text
from notifications.transports.base import Message

AMOUNTS = {"total": "balance_usd", "threshold": "threshold_usd", "limit": "limit_usd"}  # nano-USD, told as decimals


def notice(kind: str, text: Text, data: Mapping[str, object], *, language: str) -> Message:
    """Return the message of an event that happens now; its delivery has no number yet."""
    return Message(
        delivery=0,
        type=kind,
        timestamp=timezone.now(),
        language=language,
        title=text.subject,
        content="\n\n".join(text.paragraphs),
        data={**facts(data), "url": url_of(text)},
    )


def facts(data: Mapping[str, object]) -> dict[str, object]:
    """Return what is known of an event as it stands in JSON; what is empty is left out."""
    told: dict[str, object] = {}
    for name, value in data.items():
        if name in AMOUNTS and isinstance(value, int):
            told[AMOUNTS[name]] = money.plain(value)
        elif isinstance(value, datetime):
            told[name] = value.isoformat()
        elif value is not None and value != "":
            told[name] = value if isinstance(value, bool | int) else str(value)
    return told
