"""How long calls are kept. The roll-up stays for good."""

from datetime import datetime

from django.db.models import QuerySet

from accounts import ports
from common import batches, callids
from usage import partitions
from usage.models import CallLog


def prune(now: datetime) -> int:
    """Delete paid calls and errors past their retention, oldest first; return how many. Call again if it is many."""
    dropped = partitions.drop_before(_first(now))
    return dropped + sum(batches.delete(rows) for rows in _old(now).values())


def due(now: datetime) -> dict[str, int]:
    """Return how many calls and errors are past their retention."""
    return {name: rows.count() for name, rows in _old(now).items()}


def _first(now: datetime) -> int:
    """Return the least id that may stay."""
    return callids.first_id(now - ports.kept().calls)


def _old(now: datetime) -> dict[str, QuerySet[CallLog]]:
    """Return what goes; an error beyond the days of calls is counted among the errors."""
    errors = max(callids.first_id(now - ports.kept().errors), _first(now))
    return {
        "calls": CallLog.objects.filter(id__lt=_first(now), kind=CallLog.Kind.OK),
        "errors": CallLog.objects.filter(id__lt=errors, kind=CallLog.Kind.ERROR),
    }
