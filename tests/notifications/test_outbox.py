"""The outbox: leased, sent, closed; at least once, never by two at a time."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from notifications import courier, outbox
from notifications.models import Delivery
from notifications.transports import email
from notifications.transports.base import TransportFailed
from tests.together import together

START = timezone.now().replace(microsecond=0)


class Wire:
    """A transport that notes what it sends, and fails as told."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.failure: Exception | None = None

    def send(self, delivery_id: int, payload: str) -> str:
        self.sent.append(delivery_id)
        if self.failure:
            raise self.failure
        return "sent"


@pytest.fixture
def wire(monkeypatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(email, "post", made.send)
    return made


def put(payload: str = "secret link", **more) -> Delivery:
    return outbox.put(**{"user": None, "event": "x", "method": "email", "subject": "Hello", "payload": payload, **more})


def test_what_is_sent_is_closed_and_its_payload_is_gone(db, wire, row):
    put()
    assert courier.deliver_due() == 1
    assert courier.deliver_due() == 0
    assert (row().state, row().result, row().payload, row().subject) == ("done", "sent", "", "Hello")


@pytest.mark.req("I19")
def test_a_payload_is_never_in_clear_at_rest(db, wire):
    delivery = put()
    with_sql = Delivery.objects.extra(select={"raw": "payload"}).values_list("raw", flat=True).get(pk=delivery.pk)
    assert "secret link" not in with_sql
    assert Delivery.objects.get().payload == "secret link"


def test_pauses_double_up_to_an_hour_and_eight_tries_are_the_end(db, wire, row):
    wire.failure = TransportFailed("451 later")
    pauses = []
    with time_machine.travel(START, tick=False) as clock:
        put()
        for _ in range(12):
            courier.deliver_due()
            if row().state == Delivery.State.DEAD:
                break
            pauses.append((row().next_at - timezone.now()).total_seconds())
            clock.move_to(row().next_at)
    assert len(wire.sent) == 8
    for pause, plain in zip(pauses, [30, 60, 120, 240, 480, 960, 1920], strict=True):
        assert 0.8 * plain <= pause <= 1.2 * plain
    assert (row().state, row().attempts, row().result) == ("dead", 8, "451 later")
    assert row().payload == "secret link", "kept for who mends the cause"


def test_pauses_are_not_longer_than_an_hour():
    assert all(outbox._pause(attempts) <= timedelta(seconds=3600 * 1.2) for attempts in range(1, 30))


def test_nothing_is_sent_before_it_is_due(db, wire, row):
    wire.failure = TransportFailed("451 later")
    with time_machine.travel(START, tick=False) as clock:
        put()
        courier.deliver_due()
        clock.shift(timedelta(seconds=20))
        assert courier.deliver_due() == 0
        assert len(wire.sent) == 1


def test_what_cannot_ever_be_sent_is_given_up_at_once(db, wire, row):
    wire.failure = TransportFailed("550 no such user", permanent=True)
    put()
    courier.deliver_due()
    assert (row().state, row().attempts) == ("dead", 1)


def test_a_lease_of_a_dead_worker_ends(db, wire, row):
    with time_machine.travel(START, tick=False) as clock:
        put()
        assert len(outbox.claim(10)) == 1  # and its worker is killed
        assert courier.deliver_due() == 0
        clock.shift(outbox.LEASE)
        assert courier.deliver_due() == 1
        assert row().attempts == 2


def test_a_message_that_kills_its_workers_is_given_up(db, wire, row):
    with time_machine.travel(START, tick=False) as clock:
        put()
        for _ in range(8):
            assert len(outbox.claim(10)) == 1
            clock.shift(outbox.LEASE)
        assert courier.deliver_due() == 0
    assert row().state == "dead"
    assert wire.sent == []


def test_a_worker_that_was_too_slow_changes_nothing(db, wire, row):
    with time_machine.travel(START, tick=False) as clock:
        put()
        (slow,) = outbox.claim(10)
        clock.shift(outbox.LEASE)
        (quick,) = outbox.claim(10)
        wire.failure = TransportFailed("451 later")
        courier.deliver(slow)
        assert row().result == ""
        wire.failure = None
        courier.deliver(quick)
        assert row().state == "done"


def test_a_crash_of_the_transport_does_not_stop_the_others(db, wire, row):
    wire.failure = RuntimeError("a bug")
    put()
    assert courier.deliver_due() == 0
    assert row().state == "pending"
    assert row().result == "RuntimeError"


def test_oldest_first_and_no_more_than_asked_for(db, wire):
    made = [put().pk for _ in range(5)]
    assert courier.deliver_due(3) == 3
    assert sorted(wire.sent) == made[:3]


def test_what_is_rolled_back_is_never_sent(db, wire):
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    assert courier.deliver_due() == 0


def test_a_long_subject_is_cut(db, wire, row):
    put(subject="x" * 1000)
    assert row().subject == "x" * 300


@pytest.mark.django_db(transaction=True)
def test_three_workers_send_each_message_once(wire):
    made = {put().pk for _ in range(60)}
    sent = 0
    while Delivery.objects.filter(state="pending").exists():
        sent += sum(together(3, lambda _: courier.deliver_due(20)))
    assert sent == 60
    assert sorted(wire.sent) == sorted(made)
