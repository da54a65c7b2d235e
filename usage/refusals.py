"""What was refused lately: for who tells people of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from common import callids
from usage.models import CallLog


@dataclass(frozen=True, slots=True)
class Refused:
    """Calls of one account by one key for one model that were refused for the same reason."""

    user_id: int
    api_key: str
    model: str
    code: str
    count: int


def since(moment: datetime, codes: Collection[str]) -> Sequence[Refused]:
    """Return what was refused with one of these codes since a moment, at most 1,000 kinds of it."""
    rows = CallLog.objects.filter(pk__gte=callids.first_id(moment), kind=CallLog.Kind.ERROR, code__in=codes)
    grouped = rows.values_list("user_id", "api_key", "model", "code").annotate(count=Count("pk")).order_by("-count")
    return [Refused(*row) for row in grouped[:1000]]
