"""How long calls are kept. The roll-up stays for good."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from common import callids
from usage.models import CallLog

BATCH = 2000  # rows in one short transaction, so that no call waits behind a long one
MOST = 50  # batches in one go


def prune(now: datetime) -> int:
    """Delete paid calls and errors past their retention, oldest first; return how many. Call again if it is many."""
    calls = callids.first_id(now - timedelta(days=settings.CALL_RETENTION_DAYS))
    errors = callids.first_id(now - timedelta(days=settings.ERROR_RETENTION_DAYS))
    deleted = _delete(Q(id__lt=calls))
    return deleted + _delete(Q(kind=CallLog.Kind.ERROR, id__lt=errors))


def _delete(rows: Q) -> int:
    deleted = 0
    for _ in range(MOST):
        some = list(CallLog.objects.filter(rows).order_by("id").values_list("id", flat=True)[:BATCH])
        # the list is ordered and complete between its ends, and bounds let PostgreSQL pass over whole partitions
        if some:
            deleted += CallLog.objects.filter(rows, id__gte=some[0], id__lte=some[-1]).delete()[0]
        if len(some) < BATCH:
            break
    return deleted
