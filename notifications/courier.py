"""Sending what the outbox holds: several at once, so that a receiver that does not answer holds up no other."""

import dataclasses
import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from notifications import events, methods, outbox
from notifications.models import Delivery
from notifications.outbox import Try
from notifications.transports import TRANSPORTS, base, email
from notifications.transports.base import Answer, Message

logger = logging.getLogger(__name__)

LANES = 8  # exchanges at once; the database is asked by one thread only
LOOK = 0.2  # seconds until another look at what has become due meanwhile

Exchange = Callable[[], Answer]


def deliver_due(limit: int = 50) -> int:
    """Send what is due, at most `limit` messages; return how many left. Any number of workers may do so at once."""
    left = taken = 0
    flights: dict[Future[Try], Delivery] = {}
    with ThreadPoolExecutor(LANES, thread_name_prefix="deliver") as lanes:
        while True:
            while room := min(LANES - len(flights), limit - taken):
                busy = {to for row in flights.values() if (to := outbox.receiver(row))}
                claimed = outbox.claim(room, busy=busy)
                flights |= {lanes.submit(_attempt, _exchange(row), row): row for row in claimed}
                taken += len(claimed)
                if not claimed:
                    break
            if not flights:
                return left
            for flight in wait(flights, LOOK, FIRST_COMPLETED).done:
                left += _landed(flights.pop(flight), flight.result())


def deliver(delivery: Delivery) -> bool:
    """Send one leased row and close it, or put it back for later; return whether it was sent."""
    return _landed(delivery, _attempt(_exchange(delivery), delivery))


def _exchange(delivery: Delivery) -> Exchange:
    """Return what sends a row, with all that it needs of the database."""
    if delivery.method == methods.Kind.EMAIL:
        return lambda: Answer(0, "", email.post(delivery.pk, delivery.payload))
    transport = TRANSPORTS[delivery.method]
    method = methods.stored(delivery.user_id, delivery.method) if delivery.user_id else None
    if method is None or not method.target or not (method.enabled or delivery.event == events.TEST):
        return lambda: _refuse(delivery)
    # as it is entered now: who has mended a URL or a token wants what waits to go there
    target = transport.Target.load(method.target)
    message = dataclasses.replace(Message.load(delivery.payload), delivery=delivery.pk)
    return lambda: transport.send(target, message)


def _refuse(delivery: Delivery) -> Answer:
    language = Message.load(delivery.payload).language
    with translation.override(language):
        raise base.TransportFailed(_("The method was switched off before the message was sent."), permanent=True)


def _attempt(exchange: Exchange, delivery: Delivery) -> Try:
    """Return how one exchange went; it runs in a thread and asks no database."""
    at, begun = timezone.now().isoformat(), monotonic()
    if delivery.attempts > outbox.TRIES:  # its workers died each time
        return Try(at, ok=False, result="given up: no worker survived sending it", permanent=True)
    try:
        answer = exchange()
    except base.TransportFailed as failure:
        tried = Try(at, ok=False, result=str(failure), permanent=failure.permanent)
        answer = failure.answer or Answer(0, "", "")
    except Exception as error:  # one message that nobody foresaw must not hold up all the others
        logger.exception("A transport crashed")
        return Try(at, ok=False, result=type(error).__name__, latency_ms=_since(begun))
    else:
        words = f"HTTP {answer.status}, {_since(begun)} ms" if answer.status else answer.response
        tried = Try(at, ok=True, result=words)
    return dataclasses.replace(
        tried, status=answer.status, latency_ms=_since(begun), request=answer.request, response=answer.response
    )


def _landed(delivery: Delivery, tried: Try) -> bool:
    (outbox.sent if tried.ok else outbox.failed)(delivery, tried)
    return tried.ok


def _since(begun: float) -> int:
    return round((monotonic() - begun) * 1000)
