"""The outbox: rows that a worker leases, sends and closes. At least once; a dead worker's lease simply ends."""

import logging
import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from notifications.models import Delivery
from notifications.transports import base, email

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any transport may take
TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600  # seconds


def put(*, user: User | None, event: str, method: str, subject: str, payload: str) -> Delivery:
    """Queue one message, in the transaction of what it tells of."""
    return Delivery.objects.create(
        user=user, event=event, method=method, subject=subject[:300], payload=payload, next_at=timezone.now()
    )


def deliver_due(limit: int = 50) -> int:
    """Send what is due, at most `limit` messages; return how many left. Any number of workers may do so at once."""
    sent = 0
    for delivery in claim(limit):
        sent += deliver(delivery)
    return sent


def claim(limit: int, *, now: datetime | None = None) -> Sequence[Delivery]:
    """Lease due rows, each by one conditional UPDATE, and return those that are now ours."""
    now = now or timezone.now()
    due = Delivery.objects.filter(state=Delivery.State.PENDING, next_at__lte=now).order_by("next_at")
    mine = [
        pk
        for pk, seen in due.values_list("pk", "next_at")[:limit]
        if Delivery.objects.filter(pk=pk, state=Delivery.State.PENDING, next_at=seen).update(
            next_at=now + LEASE, attempts=F("attempts") + 1
        )
    ]
    return list(Delivery.objects.filter(pk__in=mine).order_by("pk"))


def deliver(delivery: Delivery) -> bool:
    """Send one leased row and close it, or put it back for later; return whether it was sent."""
    if delivery.attempts > TRIES:  # its workers died each time
        _close(delivery, state=Delivery.State.DEAD, result="given up: no worker survived sending it")
        return False
    try:
        result = email.post(delivery.pk, delivery.payload)
    except base.TransportFailed as failure:
        _put_back(delivery, str(failure), permanent=failure.permanent)
        return False
    except Exception as error:  # one message that nobody foresaw must not hold up all the others
        logger.exception("A transport crashed")
        _put_back(delivery, type(error).__name__, permanent=False)
        return False
    _close(delivery, state=Delivery.State.DONE, result=result, payload="")
    return True


def forget(addresses: Collection[str]) -> int:
    """Delete what waits, or was given up, for one of these addresses without being an account's; return how many."""
    kept = Delivery.objects.filter(user=None).exclude(state=Delivery.State.DONE)  # what was sent holds nothing any more
    theirs = [row.pk for row in kept.iterator() if email.recipients(row.payload) & set(addresses)]
    return Delivery.objects.filter(pk__in=theirs).delete()[0]


def _put_back(delivery: Delivery, reason: str, *, permanent: bool) -> None:
    """Let it be tried again after a pause, or give it up."""
    if permanent or delivery.attempts == TRIES:
        _close(delivery, state=Delivery.State.DEAD, result=reason)
    else:
        _close(delivery, next_at=timezone.now() + _pause(delivery.attempts), result=reason)


def _pause(attempts: int) -> timedelta:
    """Return 30 s * 2^n up to an hour, a fifth more or less so that a crowd does not come back at once."""
    seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, not a secret)


def _close(delivery: Delivery, **changes: object) -> None:
    """Write the outcome, unless the lease ended and another worker has the row by now."""
    changes["result"] = str(changes["result"])[:300]
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.PENDING).update(**changes)
