"""Calls as a commit leaves them behind: a row of the log, and its part of the hourly roll-up."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from common import callids
from usage.models import CallLog, HourlyUsage

_numbers = itertools.count(1)
PLAIN = {
    "kind": "ok",
    "source": "api",
    "model": "gpt-5-mini",
    "api_key": "laptop",
    "channel": "main",
    "stream": False,
    "status": 200,
    "code": "",
    "reason": "",
    "input_tokens": 100,
    "output_tokens": 20,
    "cached_tokens": 0,
    "cache_write_tokens": 0,
    "reasoning_tokens": 0,
    "audio_input_tokens": 0,
    "audio_output_tokens": 0,
    "charge": 5_000,
    "shortfall": 0,
    "price_id": None,
    "price_source": "price",
    "estimated": False,
    "latency_ms": 1240,
    "ttfb_ms": None,
    "address": None,
}
REFUSED = {
    "kind": "error",
    "status": 402,
    "code": "insufficient_quota",
    "reason": "$0.50 is needed, $0.10 is free.",
    "input_tokens": 0,
    "output_tokens": 0,
    "charge": 0,
    "channel": "",
}


def draft(user: User, at: datetime | None = None, **columns: Any) -> CallLog:
    """Return an unsaved row of a call that began at `at`."""
    number = callids.first_id(at or timezone.now()) + next(_numbers) % 2048
    return CallLog(id=number, user=user, **{**PLAIN, **columns})


def book(calls: Iterable[CallLog]) -> list[CallLog]:
    """Store the rows and add them to the roll-up."""
    rows = CallLog.objects.bulk_create(calls, 1000)
    sums: dict[tuple[int, int, str, str], list[int]] = {}
    for row in rows:
        total = sums.setdefault((row.user_id, callids.hour_of(row.id), row.model, row.api_key), [0] * 5)
        failed = row.kind == "error"
        units = [not failed, failed, row.input_tokens, row.output_tokens, row.charge - row.shortfall]
        total[:] = map(sum, zip(total, units, strict=True))
    for key, units in sums.items():
        found, _made = HourlyUsage.objects.get_or_create(
            **dict(zip(("user_id", "hour", "model", "api_key"), key, strict=True)),
            defaults=dict.fromkeys(("calls", "errors", "input_tokens", "output_tokens", "paid"), 0),
        )
        added = zip(("calls", "errors", "input_tokens", "output_tokens", "paid"), units, strict=True)
        HourlyUsage.objects.filter(pk=found.pk).update(**{name: getattr(found, name) + units for name, units in added})
    return rows


def called(user: User, at: datetime | None = None, **columns: Any) -> CallLog:
    """Store one answered call and return its row."""
    return book([draft(user, at, **columns)])[0]


def refused(user: User, at: datetime | None = None, **columns: Any) -> CallLog:
    """Store one refused call and return its row."""
    return book([draft(user, at, **{**REFUSED, **columns})])[0]
