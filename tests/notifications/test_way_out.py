"""From an event to the receivers: everything between them real, but for the wait."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from common import money
from notifications import changes, courier, outbox, services
from notifications.models import Delivery
from tests.peers.receiver import Bark, Gotify, Received, reply

LOW: dict[str, object] = {"total": 3_420_000_000, "threshold": 5 * money.NANO}
TITLE = "Your balance is down to $3.42"


@pytest.fixture
def bark(loopback) -> Iterator[Bark]:
    with Bark("BarkKey") as running:
        yield running


@pytest.fixture
def gotify(loopback) -> Iterator[Gotify]:
    with Gotify("AGotifyToken") as running:
        yield running


@pytest.fixture
def webhook(user, receiver):
    changes.save(user, "webhook", form={"url": f"{receiver.url}/hook"}, enabled=True)
    return receiver


def make_due() -> None:
    Delivery.objects.filter(state="pending").update(next_at=timezone.now() - timedelta(seconds=1))


def verified(secret: str, received: Received) -> dict[str, object]:
    event: dict[str, object] = Webhook(secret).verify(received.body, dict(received.headers))
    return event


def test_one_event_arrives_by_four_methods_at_once(user, webhook, bark, gotify, mailbox):
    changes.save(user, "bark", form={"url": f"{bark.url}/BarkKey/{{{{title}}}}/{{{{content}}}}"}, enabled=True)
    changes.save(user, "gotify", form={"url": gotify.url, "token": gotify.token, "priority": "9"}, enabled=True)
    services.announce(user, "quota.low", LOW)
    assert courier.deliver_due() == 4
    event = verified(changes.secret_of(user), webhook.last)
    assert (event["type"], event["title"]) == ("quota.low", TITLE)
    assert event["data"] == {"balance_usd": "3.42", "threshold_usd": "5.00", "url": "http://localhost:8000/wallet/"}
    assert [(shown["title"], shown["priority"]) for shown in gotify.shown] == [(TITLE, 9)]
    assert [shown["title"] for shown in bark.shown] == [TITLE]
    assert bark.shown[0]["body"] == gotify.shown[0]["message"] == event["content"]
    assert [letter["Subject"] for _to, letter, _signed_in in mailbox.letters] == [TITLE]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.req("J9")
def test_a_webhook_that_was_refused_comes_again_under_the_same_id(user, webhook):
    webhook.answer = reply(503, b"canary")
    services.announce(user, "quota.low", LOW)
    courier.deliver_due()
    webhook.answer = reply(200)
    make_due()
    courier.deliver_due()
    row = Delivery.objects.get(method="webhook")
    first, second = webhook.requests
    assert first.header("webhook-id") == second.header("webhook-id") == f"msg_{row.pk}"
    assert first.body == second.body
    assert verified(changes.secret_of(user), second)
    assert [(one.ok, one.status) for one in outbox.tries(row)] == [(False, 503), (True, 200)]
    assert "canary" not in str(outbox.tries(row))


@pytest.mark.req("J9")
def test_a_secret_replaced_between_two_tries_cuts_no_receiver_off(user, webhook):
    webhook.answer = reply(500)
    old = changes.secret_of(user)
    services.announce(user, "quota.low", LOW)
    courier.deliver_due()
    new = changes.rotate(user)
    webhook.answer = reply(200)
    make_due()
    courier.deliver_due()
    assert verified(old, webhook.last) == verified(new, webhook.last)


@pytest.mark.req("J3", "J5")
@pytest.mark.parametrize("answer", [reply(302, Location="http://127.0.0.1:1/"), reply(410)])
def test_what_cannot_mend_itself_is_given_up_at_once(user, webhook, answer):
    webhook.answer = answer
    services.announce(user, "quota.low", LOW)
    courier.deliver_due()
    row = Delivery.objects.get(method="webhook")
    assert (row.state, row.attempts, len(webhook.requests)) == ("dead", 1, 1)


@pytest.mark.req("J11")
def test_no_secret_of_a_method_stands_in_its_history_or_in_clear_at_rest(user, webhook, gotify):
    changes.save(user, "gotify", form={"url": gotify.url, "token": gotify.token}, enabled=True)
    services.announce(user, "quota.low", LOW)
    courier.deliver_due()
    secrets = (gotify.token, changes.secret_of(user), "/hook")
    told = str([[vars_of(one) for one in outbox.tries(row)] for row in Delivery.objects.all()])
    assert "X-Gotify-Key: ••••" in told
    assert not [secret for secret in secrets if secret in told]
    rows = Delivery.objects.extra(select={"raw": "payload"}).values_list("raw", "result", "subject")
    assert not [secret for secret in secrets if secret in json.dumps(list(rows))]


def vars_of(tried: object) -> dict[str, object]:
    return {name: getattr(tried, name) for name in ("result", "request", "response")}
