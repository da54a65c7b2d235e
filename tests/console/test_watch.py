"""What the worker looks for, and whom it tells of it: once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from common.money import NANO
from console import chores, watch
from gateway import channels, keys
from gateway.models import Channel, ChannelKey, Route
from notifications import events, outbox
from notifications.models import Delivery
from tests.booked import refused
from tests.together import together
from wallet import ledger, verify


@pytest.fixture
def root(group) -> User:
    return User.objects.create_superuser("root", "root@example.com", "correct horse battery", group=group)


@pytest.fixture
def key(user):
    ledger.open_wallet(user.pk)
    return keys.mint(user, "laptop", limit=5 * NANO)[0]


def offer(model: str) -> None:
    channel, _made = Channel.objects.get_or_create(
        name="off", enabled=False, defaults={"base_url": "https://x.example"}
    )
    Route.objects.create(channel=channel, model=model)


def told() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("user__username", "event"))


def test_a_key_that_reached_its_limit_is_told_to_its_owner_once_a_day(user, key, root, noon):
    for _ in range(3):
        refused(user, code="key_limit_reached")
    assert [watch.refused(timezone.now()) for _ in range(2)] == [1, 0]
    assert told() == [("mei", "key.limit")]
    assert Delivery.objects.get().subject == "Your API key laptop has reached its limit"
    noon.shift(timedelta(days=1))
    refused(user, code="key_limit_reached")
    assert watch.refused(timezone.now()) == 1


def test_a_key_that_is_gone_is_not_told_of(user, key):
    refused(user, code="key_limit_reached", api_key="another")
    key.delete()
    refused(user, code="key_limit_reached")
    assert watch.refused(timezone.now()) == 0


def test_what_happened_long_ago_is_no_news(user, key):
    refused(user, timezone.now() - timedelta(minutes=5), code="key_limit_reached")
    assert watch.refused(timezone.now()) == 0


@pytest.mark.parametrize(
    ("code", "words"), [("model_not_found", "which no channel serves"), ("model_price_not_set", "which has no price")]
)
def test_a_model_that_nobody_serves_is_told_to_administrators_once(user, root, noon, code, words):
    offer("gpt-9")
    for _ in range(2):
        refused(user, code=code, model="gpt-9")
    refused(user, code="insufficient_quota", model="gpt-9")
    assert [watch.refused(timezone.now()) for _ in range(2)] == [1, 0]
    assert told() == [("root", "model.unserved")]
    assert Delivery.objects.get().subject == "Asked for in vain: gpt-9"


@pytest.mark.req("I11")
def test_a_model_with_line_breaks_in_its_name_is_one_line(user, root):
    offer("a\r\nBcc: eve@example.com\r\n" + "x" * 150)
    refused(user, code="model_not_found", model="a\r\nBcc: eve@example.com\r\n" + "x" * 150)
    assert watch.refused(timezone.now()) == 1
    subject = Delivery.objects.get().subject
    assert subject.startswith("Asked for in vain: a Bcc: eve@example.com xxx")
    assert len(subject) < 130


def test_made_up_names_do_not_fill_a_mailbox(user, root, noon):
    for number in range(30):
        offer(f"model-{number}")
        refused(user, code="model_not_found", model=f"model-{number}")
    assert watch.refused(timezone.now()) == 20
    assert watch.refused(timezone.now()) == 0


@pytest.mark.req("L2")
def test_a_name_that_only_its_caller_knows_is_in_no_mail(user, root, noon):
    for number in range(3):
        refused(user, code="model_not_found", model=f"my-secret-name-{number}")
    assert watch.refused(timezone.now()) == 1
    assert Delivery.objects.get().subject == "Asked for in vain: (unknown here; see the call log)"


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_once(user, key, root):
    refused(user, code="key_limit_reached")
    refused(user, code="model_not_found", model="gpt-9")
    now = timezone.now()
    assert sum(together(4, lambda _: watch.refused(now))) == 2


def test_messages_that_do_not_leave_are_told_of(user, root, noon):
    row = outbox.put(user=user, event="quota.low", method="webhook", subject="x", payload="x")
    assert watch.outbox(timezone.now() + timedelta(minutes=9)) is False
    assert [watch.outbox(timezone.now() + timedelta(minutes=11)) for _ in range(2)] == [True, False]
    assert told()[-1] == ("root", "outbox.stuck")
    row.delete()


def test_a_mail_server_that_is_down_is_told_of(user, root):
    outbox.put(user=user, event="quota.low", method="email", subject="x", payload="x")
    Delivery.objects.update(attempts=5, next_at=timezone.now() + timedelta(minutes=8))
    assert watch.outbox(timezone.now())


def test_books_that_disagree_are_told_of_every_night(user, root, monkeypatch, caplog):
    found = [verify.Mismatch(user.pk, "held", 0, 5)]
    monkeypatch.setattr(verify, "check", lambda: found)
    chores.verify_wallets()
    chores.verify_wallets()
    assert told() == [("root", "wallet.mismatch")]
    assert caplog.text.count("The ledger does not add up") == 2


def test_sound_books_are_no_news(user, root):
    chores.verify_wallets()
    assert told() == []


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "channel.refused"), (402, "channel.rested"), (403, "channel.rested")]
)
def test_a_key_that_its_upstream_refuses_is_told_once_and_so_is_its_return(root, db, status, kind):
    channel = Channel.objects.create(name="main", base_url="https://upstream.example")
    key = ChannelKey.objects.create(channel=channel, secret="sk-secret-of-upstream-1234", suffix="1234")
    for _ in range(3):
        channels.refuse(key.pk, status=status)
    for _ in range(2):
        channels.recover(key.pk)
    assert told() == [("root", kind), ("root", "channel.recovered")]
    assert "secret" not in "".join(Delivery.objects.values_list("subject", flat=True))


def test_a_key_that_flickers_fills_no_mailbox(root, db, noon):
    channel = Channel.objects.create(name="main", base_url="https://upstream.example")
    key = ChannelKey.objects.create(channel=channel, secret="sk-secret-of-upstream-1234", suffix="1234")
    for _ in range(10):
        channels.refuse(key.pk, status=403)
        channels.recover(key.pk)
    assert len(told()) == 8


def test_administrators_choose_what_they_are_told_of(root, db):
    assert {event.name for event in events.offered(root) if event.staff} == {
        "channels", "model.unserved", "outbox.stuck", "wallet.mismatch"
    }  # fmt: skip
    assert events.event_of("channel.rested") == "channels"
