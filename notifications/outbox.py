"""The outbox: rows that a worker leases and closes. At least once; a dead worker's lease simply ends."""

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from notifications import events, methods
from notifications.models import Delivery
from notifications.transports import email

LEASE = timedelta(minutes=2)  # longer than any transport may take
TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600  # seconds
OVERDUE, STUBBORN = timedelta(minutes=10), 5  # mail goes to one server: its tries say how that is
KEPT_TRIES = 16  # of a message that is sent again and again
State = Delivery.State
Receiver = tuple[int | None, str]  # an account and a method


@dataclass(frozen=True, slots=True)
class Try:
    """What became of one try; `status` is of HTTP and 0 elsewhere, `request` and `response` are excerpts."""

    at: str  # ISO 8601
    ok: bool
    result: str
    status: int = 0
    latency_ms: int = 0
    request: str = ""
    response: str = ""
    permanent: bool = False

    @property
    def when(self) -> datetime:
        """Return the moment of the try."""
        return datetime.fromisoformat(self.at)


def put(
    *, user: User | None, event: str, method: str, subject: str, payload: str, repeatable: bool = False
) -> Delivery:
    """Queue one message, in the transaction of what it tells of; a repeatable one may be sent again once it was."""
    return Delivery.objects.create(
        user=user,
        event=event,
        method=method,
        subject=subject[:300],
        payload=payload,
        repeatable=repeatable,
        next_at=timezone.now(),
    )


def receiver(delivery: Delivery) -> Receiver | None:
    """Return who must not be sent two messages at once; nobody where it is our own mail server that takes them."""
    return None if delivery.method == methods.Kind.EMAIL else (delivery.user_id, delivery.method)


def claim(limit: int, *, now: datetime | None = None, busy: Collection[Receiver] = ()) -> Sequence[Delivery]:
    """Lease due rows, each by one conditional UPDATE, and return those that are now ours.

    None is for a receiver that is `busy`, and no two are for the same one: who does not answer holds up nobody else.
    """
    now = now or timezone.now()
    due = Delivery.objects.filter(state=State.PENDING, next_at__lte=now).order_by("next_at")
    for user_id, method in busy:
        due = due.exclude(Q(user_id=user_id, method=method))
    mine: list[int] = []
    taken: set[Receiver] = set()
    for row in due.only("user_id", "method", "next_at")[:limit]:
        to = receiver(row)
        if to in taken:
            continue
        leased = Delivery.objects.filter(pk=row.pk, state=State.PENDING, next_at=row.next_at)
        if leased.update(next_at=now + LEASE, attempts=F("attempts") + 1):
            mine.append(row.pk)
            taken |= {to} if to else set()
    return list(Delivery.objects.filter(pk__in=mine).select_related("user").order_by("pk"))


def claim_one(delivery: Delivery) -> Sequence[Delivery]:
    """Lease this one row, unless somebody has it; return it as it is then."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.PENDING, attempts=delivery.attempts)
    if not mine.update(next_at=timezone.now() + LEASE, attempts=F("attempts") + 1):
        return []
    return list(Delivery.objects.filter(pk=delivery.pk))


def waiting() -> int:
    """Return how many messages have not been sent yet."""
    return Delivery.objects.filter(state=State.PENDING).count()


def overdue(now: datetime) -> int:
    """Return how many messages nobody has taken for ten minutes, or have been tried five times in vain."""
    stuck = Q(next_at__lt=now - OVERDUE) | Q(method=methods.Kind.EMAIL, attempts__gte=STUBBORN)
    return Delivery.objects.filter(stuck, state=State.PENDING).count()


def sent(delivery: Delivery, tried: Try) -> None:
    """Close a row whose message has left."""
    emptied = {} if delivery.repeatable else {"payload": ""}
    _close(delivery, tried, state=State.DONE, **emptied)


def failed(delivery: Delivery, tried: Try) -> None:
    """Let it be tried again after a pause, or give it up."""
    if tried.permanent or delivery.attempts >= TRIES or delivery.event == events.TEST:
        _close(delivery, tried, state=State.DEAD)
    else:
        _close(delivery, tried, next_at=timezone.now() + _pause(delivery.attempts))


def repeat(delivery: Delivery) -> bool:
    """Queue a message again that was sent or given up, with its id; return whether it was closed until now."""
    closed = Delivery.objects.filter(pk=delivery.pk, repeatable=True).exclude(state=State.PENDING)
    return closed.update(state=State.PENDING, attempts=0, next_at=timezone.now()) == 1


def tries(delivery: Delivery) -> Sequence[Try]:
    """Return what became of each try, oldest first."""
    return [Try(**fields) for fields in json.loads(delivery.tries or "[]")]


def forget(addresses: Collection[str]) -> int:
    """Delete what waits, or was given up, for one of these addresses without being an account's; return how many."""
    kept = Delivery.objects.filter(user=None).exclude(state=State.DONE)  # what was sent holds nothing any more
    theirs = [row.pk for row in kept.iterator() if email.recipients(row.payload) & set(addresses)]
    return Delivery.objects.filter(pk__in=theirs).delete()[0]


def _pause(attempts: int) -> timedelta:
    """Return 30 s * 2^n up to an hour, a fifth more or less so that a crowd does not come back at once."""
    seconds = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (jitter, not a secret)


def _close(delivery: Delivery, tried: Try, **changes: object) -> None:
    """Write the outcome, unless the lease ended and another worker has the row by now."""
    made = [*tries(delivery), tried][-KEPT_TRIES:]
    changes |= {"result": tried.result[:300], "tries": json.dumps([asdict(one) for one in made])}
    held = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=State.PENDING)
    if held.update(**changes) and delivery.user_id and (delivery.repeatable or delivery.event == events.TEST):
        methods.note(delivery.user_id, delivery.method, ok=tried.ok, result=tried.result, at=tried.when)
