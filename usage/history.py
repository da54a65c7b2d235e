"""Log a past: calls of an account that begins with them, and their hours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from common import callids
from usage.models import CallLog, HourlyUsage


@transaction.atomic
def log(user_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add calls, each a mapping of every column of the log but `user`, and their sums by hour.

    The account must have no calls yet in these hours: the database refuses to roll an hour up twice.
    """
    CallLog.objects.bulk_create((CallLog(user_id=user_id, **row) for row in rows), batch_size=500)
    sums: dict[tuple[int, str, str], HourlyUsage] = defaultdict(_nothing)
    for row in rows:
        total = sums[callids.hour_of(row["id"]), row["model"], row["api_key"]]
        failed = row["kind"] == CallLog.Kind.ERROR
        total.calls += not failed
        total.errors += failed
        total.input_tokens += row["input_tokens"]
        total.output_tokens += row["output_tokens"]
        total.paid += row["charge"] - row["shortfall"]
    for (hour, model, api_key), total in sums.items():
        total.user_id, total.hour, total.model, total.api_key = user_id, hour, model, api_key
    HourlyUsage.objects.bulk_create(sums.values(), batch_size=500)


def _nothing() -> HourlyUsage:
    return HourlyUsage(calls=0, errors=0, input_tokens=0, output_tokens=0, paid=0)
