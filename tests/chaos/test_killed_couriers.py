"""kill -9 in the middle of deliveries: each message arrives, and a second time only under its own id."""

import json
import random
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from multiprocessing.context import SpawnProcess

import pytest
from django.utils import timezone

from notifications import outbox
from notifications.models import Delivery, Method
from notifications.transports.base import Message
from notifications.transports.webhook import WebhookTarget
from tests.chaos.mailman import carry
from tests.commit.rig import fund
from tests.peers.receiver import Received, Receiver, reply
from tests.races.runway import SPAWN, environment
from tests.scale import scaled

WORKERS, ACCOUNTS = 3, 25
MESSAGES = scaled(475, least=75) // ACCOUNTS * ACCOUNTS
LEASE = 3.0  # seconds
KILLS = 8


def answer(handler: BaseHTTPRequestHandler, received: Received) -> None:
    """Take a message, now and then only at the second time, and never at once."""
    time.sleep(random.uniform(0, 0.05))
    reply(503 if random.random() < 0.1 else 204)(handler, received)


def queue(url: str) -> set[str]:
    """Queue numbered messages for webhooks of many accounts; return their ids."""
    ids = fund(*[0] * ACCOUNTS)
    target = WebhookTarget(url).dump()
    Method.objects.bulk_create(Method(user_id=pk, kind="webhook", enabled=True, target=target) for pk in ids)
    rows = Delivery.objects.bulk_create(
        Delivery(
            user_id=ids[number % ACCOUNTS],
            event="quota.low",
            method="webhook",
            repeatable=True,
            payload=Message(0, "quota.low", timezone.now(), "en", "Low", f"number {number}", {}).dump(),
        )
        for number in range(MESSAGES)
    )
    return {f"msg_{row.pk}" for row in rows}


def hire(known: dict[str, str]) -> SpawnProcess:
    """Return a worker that has begun."""
    made = SPAWN.Process(target=carry, args=(known, LEASE), daemon=True)
    made.start()
    return made


@pytest.mark.django_db(transaction=True)
def test_no_message_is_lost_and_none_is_sent_under_two_ids(capsys):
    known = {**environment(), "TOLLGATE_OUTBOUND_ALLOW": "127.0.0.1/32"}
    kills, next_kill, deadline = 0, MESSAGES // KILLS, time.monotonic() + 240
    with Receiver() as receiver:
        receiver.answer = answer
        wanted = queue(receiver.url)
        workers = [hire(known) for _ in range(WORKERS)]
        try:
            while (left := outbox.waiting()) and time.monotonic() < deadline:
                time.sleep(random.uniform(0.01, 0.1))
                if len(receiver.requests) >= next_kill and left:
                    next_kill += MESSAGES // KILLS
                    victim = random.randrange(WORKERS)
                    workers[victim].kill()
                    workers[victim].join()
                    kills, workers[victim] = kills + 1, hire(known)
        finally:
            for one in workers:
                one.kill()
                one.join()
        arrived = receiver.requests
    ids = defaultdict(set)
    for received in arrived:
        ids[json.loads(received.body)["content"]].add(received.header("webhook-id"))
    with capsys.disabled():
        print(f"\n{MESSAGES} messages, {kills} kills, {len(arrived)} requests")  # noqa: T201 (a figure to report)
    assert kills > 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert {one for some in ids.values() for one in some} == wanted
    assert {number: some for number, some in ids.items() if len(some) > 1} == {}
