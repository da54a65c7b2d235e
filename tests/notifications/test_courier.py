"""Sending: several at once, and nobody waits for a receiver that does not answer."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import courier, outbox
from notifications.models import Delivery, Method
from notifications.transports import TRANSPORTS, email
from notifications.transports.base import Answer, Message, TransportFailed
from notifications.transports.gotify import GotifyTarget


class Slow:
    """A transport that answers only once it is let go."""

    Target = GotifyTarget

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[int] = []

    def send(self, target: GotifyTarget, message: Message) -> Answer:
        self.begun.append(message.delivery)
        assert self.go.wait(20)
        raise TransportFailed("No answer.", answer=Answer(0, "POST /message", ""))


class Quick:
    """A transport that answers at once."""

    Target = GotifyTarget

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.tokens: list[str] = []

    def send(self, target: GotifyTarget, message: Message) -> Answer:
        self.sent.append(message.delivery)
        self.tokens.append(target.token)
        return Answer(200, "POST /message", "HTTP 200, 2 bytes")


TARGET = GotifyTarget("https://gotify.example.com", "token-of-an-app")
MESSAGE = Message(0, "quota.low", timezone.now(), "en", "Low", "It is low.", {"balance_usd": "1.00"})


@pytest.fixture
def method(user) -> Method:
    """A Gotify server that is told of everything."""
    return Method.objects.create(user=user, kind="gotify", enabled=True, target=TARGET.dump())


@pytest.fixture
def quick(monkeypatch) -> Quick:
    made = Quick()
    monkeypatch.setitem(TRANSPORTS, "gotify", made)
    return made


@pytest.fixture
def slow(monkeypatch) -> Slow:
    made = Slow()
    monkeypatch.setitem(TRANSPORTS, "gotify", made)
    return made


def put(user, minutes: int = 0, **more) -> Delivery:
    given = {"event": "quota.low", "method": "gotify", "subject": "Low", "payload": MESSAGE.dump(), "repeatable": True}
    row = outbox.put(**{**given, **more}, user=user)
    Delivery.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(minutes=minutes))
    return row


def test_a_receiver_that_does_not_answer_holds_up_nobody_else(user, method, slow, monkeypatch):
    mailed: list[int] = []

    def post(number: int, payload: str) -> str:
        mailed.append(number)
        if len(mailed) == 20:
            slow.go.set()
        return "sent"

    monkeypatch.setattr(email, "post", post)
    dead = {put(user, minutes=60).pk for _ in range(100)}
    for _ in range(20):
        put(user, method="email")
    assert courier.deliver_due(22) == 20
    assert len(mailed) == 20
    assert len(slow.begun) == 2, "one at a time"
    assert set(slow.begun) <= dead


def test_no_two_messages_are_on_their_way_to_one_receiver(user):
    for _ in range(5):
        put(user)
    assert len(outbox.claim(5)) == 1
    assert outbox.claim(5, busy={(user.pk, "gotify")}) == []


def test_mail_goes_as_fast_as_the_server_takes_it(user):
    for _ in range(5):
        put(user, method="email")
    assert len(outbox.claim(5)) == 5


def test_each_try_is_written_down_and_only_its_owner_can_read_it(user, method, slow):
    slow.go.set()
    row = put(user)
    for _ in range(2):
        Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
        courier.deliver_due()
    row.refresh_from_db()
    assert [(one.ok, one.result, one.request) for one in outbox.tries(row)] == [
        (False, "No answer.", "POST /message")
    ] * 2
    stored = Delivery.objects.extra(select={"raw": "tries"}).values_list("raw", flat=True).get(pk=row.pk)
    assert "No answer" not in stored
    method.refresh_from_db()
    assert (method.last_ok, method.last_result) == (False, "No answer.")


def test_what_was_received_says_how_fast(user, method, quick):
    row = put(user)
    assert courier.deliver_due() == 1
    row.refresh_from_db()
    (tried,) = outbox.tries(row)
    assert (tried.ok, tried.status, tried.response) == (True, 200, "HTTP 200, 2 bytes")
    assert row.result == tried.result == f"HTTP 200, {tried.latency_ms} ms"


def test_a_message_is_sent_again_under_its_own_number(user, method, quick):
    row = put(user)
    assert not outbox.repeat(row), "it is on its way as it is"
    courier.deliver_due()
    assert outbox.repeat(row)
    courier.deliver_due()
    assert quick.sent == [row.pk, row.pk]
    row.refresh_from_db()
    assert (row.state, row.payload, len(outbox.tries(row))) == ("done", MESSAGE.dump(), 2)


def test_what_waits_goes_to_where_the_method_leads_now(user, method, quick):
    put(user)
    Method.objects.update(target=GotifyTarget("https://gotify.example.com", "a-new-token").dump())
    courier.deliver_due()
    assert quick.tokens == ["a-new-token"]


@pytest.mark.parametrize(("event", "state"), [("quota.low", "dead"), ("test", "done")])
def test_only_a_test_goes_to_a_method_that_is_off(user, method, quick, event, state):
    Method.objects.update(enabled=False)
    row = put(user, event=event)
    courier.deliver_due()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (state, 1)


def test_a_method_that_was_removed_is_not_tried(user, quick):
    row = put(user)
    courier.deliver_due()
    row.refresh_from_db()
    assert (row.state, quick.sent) == ("dead", [])
    assert row.result == "The method was switched off before the message was sent."


def test_a_test_is_tried_once(user, method, slow):
    slow.go.set()
    row = put(user, event="test")
    courier.deliver_due()
    row.refresh_from_db()
    assert row.state == "dead"


@pytest.mark.parametrize("event", ["mail", "account.made"])
def test_what_held_a_secret_link_is_never_sent_again(user, event):
    row = put(user, event=event, method="email", repeatable=False)
    Delivery.objects.update(state="dead")
    assert not outbox.repeat(row)


def test_no_more_tries_are_kept_than_can_be_read(user, method, quick):
    row = put(user)
    for _ in range(outbox.KEPT_TRIES + 3):
        courier.deliver_due()
        outbox.repeat(row)
    row.refresh_from_db()
    assert len(outbox.tries(row)) == outbox.KEPT_TRIES
