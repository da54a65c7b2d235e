"""What owners are told, in their language, and when."""

from email import message_from_bytes, policy

import pytest
import time_machine
from django.core.mail import send_mail
from django.utils import timezone

from accounts import limits, ports
from accounts.models import User
from common import money
from console import warnings
from notifications import events, methods, services
from notifications.models import Delivery, Method
from notifications.texts import TEXTS
from notifications.transports.base import Message
from pricing import preferences
from tests.together import together
from wallet import ledger
from wallet.models import WalletEvent

START = timezone.now()
DATA: dict[str, object] = {"accept_unpriced": True, "total": 3_420_000_000, "threshold": 5 * money.NANO}
DATA |= {"key": "laptop", "limit": money.NANO, "channel": "main", "status": 401, "count": 3}
DATA |= {"model": "gpt-9", "priced": True, "first": "x"}
DATA |= {"url": "http://localhost:8000/somewhere/", "until": START}


@pytest.fixture
def letter(files):
    def read():
        services.deliver_due()
        return message_from_bytes(max(files.iterdir()).read_bytes(), policy=policy.default)

    return read


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_every_event_has_a_text_as_plain_and_as_html(user, letter, kind):
    services.announce(user, kind, DATA)
    mail = letter()
    plain, page = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert mail["To"] == "mei@example.com"
    assert mail["Subject"]
    for part in (plain, page):
        assert "Hello mei," in part
        assert "http://localhost:8000/" in part
    assert "style=" not in page


def test_the_event_is_kept_with_the_delivery(user):
    ports.announce(user, "quota.low", DATA)
    row = Delivery.objects.get()
    assert (row.user, row.event, row.method) == (user, "quota.low", "email")


def test_amounts_are_dollars(user, letter):
    services.announce(user, "quota.low", DATA)
    assert letter()["Subject"] == "Your balance is down to $3.42"


@pytest.mark.req("I12")
def test_a_name_is_text_and_nothing_else(user, letter):
    User.objects.filter(pk=user.pk).update(username="<b>{{7*7}}%s</b>")
    services.announce(User.objects.get(), "security.password-changed", {})
    mail = letter()
    assert "Hello <b>{{7*7}}%s</b>," in mail.get_body(["plain"]).get_content()
    assert "&lt;b&gt;{{7*7}}%s&lt;/b&gt;" in mail.get_body(["html"]).get_content()


def test_who_has_no_address_is_not_written_to(user):
    user.email = ""
    services.announce(user, "security.password-changed", {})
    assert not Delivery.objects.exists()


@pytest.mark.req("A17")
def test_accepting_models_without_a_price_is_mailed_once_per_change(user):
    preferences.save(user, accept_unpriced=True)
    preferences.save(user, accept_unpriced=True)
    assert Delivery.objects.get().subject == "Models without a price can now be called"
    preferences.save(User.objects.get(), accept_unpriced=False)
    assert Delivery.objects.count() == 2


@pytest.fixture
def event(user) -> WalletEvent:
    ledger.open_wallet(user.pk)
    noticed = {name: DATA[name] for name in ("total", "threshold")}
    return WalletEvent.objects.create(wallet_id=user.pk, kind="quota.low", **noticed)


def test_a_low_balance_is_mailed_to_its_owner(event, user, letter):
    assert warnings.expand() == 1
    assert letter()["Subject"] == "Your balance is down to $3.42"
    event.refresh_from_db()
    assert event.expanded_at


def test_an_event_is_told_once(event):
    assert [warnings.expand(), warnings.expand()] == [1, 0]
    assert Delivery.objects.count() == 1


def test_an_event_whose_mail_cannot_be_written_is_told_later(event, monkeypatch):
    monkeypatch.setattr(services, "announce", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        warnings.expand()
    monkeypatch.undo()
    assert warnings.expand() == 1


@pytest.mark.req("J10")
@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_an_event_once(event):
    assert sum(together(6, lambda _: warnings.expand())) == 1
    assert Delivery.objects.count() == 1


def test_closed_deliveries_are_pruned_after_their_time(user):
    with time_machine.travel(START, tick=False) as clock:
        services.announce(user, "security.password-changed", {})
        Delivery.objects.update(state="done")
        clock.shift(ports.kept().errors)
        assert services.prune() == 0
        clock.shift(1)
        assert services.prune() == 1


def test_what_is_still_waiting_is_never_pruned(user):
    with time_machine.travel(START, tick=False) as clock:
        services.announce(user, "security.password-changed", {})
        clock.shift(2 * ports.kept().errors)
        assert services.prune() == 0


@pytest.fixture
def method(user) -> Method:
    """Mail as its owner has saved it."""
    return Method.objects.create(user=user, kind="email", enabled=True)


def test_mail_that_is_switched_off_says_nothing_of_the_balance(user, method):
    Method.objects.update(enabled=False)
    services.announce(user, "quota.low", DATA)
    assert not Delivery.objects.exists()


def test_an_event_that_is_switched_off_is_not_told(user, method):
    Method.objects.update(muted=["quota.low"])
    services.announce(user, "quota.low", DATA)
    services.announce(user, "quota.exhausted", {})
    assert Delivery.objects.get().event == "quota.exhausted"


@pytest.mark.req("A17")
@pytest.mark.parametrize("off", [{"enabled": False}, {"muted": [events.CREDENTIALS]}, {"target": "else@example.org"}])
def test_changes_of_credentials_are_mailed_to_the_account_whatever_is_switched_off(user, method, letter, off):
    Method.objects.update(**off)
    services.announce(user, "security.password-changed", {})
    assert letter()["To"] == "mei@example.com"


def test_another_address_gets_what_concerns_the_balance(user, method, letter):
    Method.objects.update(target="else@example.org")
    services.announce(user, "quota.low", DATA)
    assert letter()["To"] == "else@example.org"


def test_how_the_last_message_fared_is_noted_with_the_method(user, letter):
    services.announce(user, "quota.low", DATA)
    letter()
    noted = Method.objects.get()
    assert (noted.kind, noted.enabled, noted.last_ok, noted.target) == ("email", True, True, "")
    assert noted.last_result.startswith("written to")
    assert noted.last_at


def test_a_letter_that_others_wrote_is_none_of_a_method(user, files):
    send_mail("Hello", "there", None, ["mei@example.com"])
    services.deliver_due()
    assert not Method.objects.exists()
    assert not Delivery.objects.get().repeatable


def test_a_result_for_an_account_that_is_gone_is_dropped(user):
    pk = user.pk
    user.delete()
    methods.note(pk, "webhook", ok=True, result="x", at=timezone.now())
    assert not Method.objects.exists()


def test_administrators_are_told_once_in_a_while(user, group, noon):
    User.objects.create_superuser("root", "root@example.com", "correct horse battery", group=group)
    rule = limits.Rule("a thing", ((1, 3600),))
    told = [services.tell_administrators("quota.exhausted", {}, about="x", once=rule) for _ in range(3)]
    assert told == [True, False, False]
    assert Delivery.objects.filter(user__username="root").count() == Delivery.objects.count() == 1
    assert services.tell_administrators("quota.exhausted", {}, about="y", once=rule)


def test_every_method_that_is_on_gets_a_message_of_its_own(user):
    for kind in ("webhook", "bark", "gotify"):
        Method.objects.create(user=user, kind=kind, enabled=kind != "bark", muted=["quota.exhausted"], target="x")
    services.announce(user, "quota.low", DATA)
    services.announce(user, "quota.exhausted", {})
    told = set(Delivery.objects.values_list("method", "event"))
    assert told == {
        ("email", "quota.low"),
        ("webhook", "quota.low"),
        ("gotify", "quota.low"),
        ("email", "quota.exhausted"),
    }


def test_programs_are_told_the_facts(user):
    Method.objects.create(user=user, kind="webhook", enabled=True, target="x")
    services.announce(user, "quota.low", {"total": 3_420_000_000, "threshold": 5 * money.NANO, "detail": ""})
    message = Message.load(Delivery.objects.get(method="webhook").payload)
    assert message.title == "Your balance is down to $3.42"
    assert message.data == {"balance_usd": "3.42", "threshold_usd": "5.00", "url": "http://localhost:8000/wallet/"}
    assert message.content.startswith("The balance of your account is $3.42, below your warning at $5.00.\n\n")


def test_a_link_that_opens_an_account_is_mailed_and_told_nowhere_else(user):
    Method.objects.create(user=user, kind="webhook", enabled=True, target="x")
    services.announce(user, "account.made", DATA)
    row = Delivery.objects.get()
    assert (row.method, row.repeatable) == ("email", False)


def test_a_message_is_in_the_language_of_its_owner(user):
    User.objects.update(language="zh-hans")
    Method.objects.create(user=user, kind="webhook", enabled=True, target="x")
    services.announce(User.objects.get(), "quota.low", DATA)
    message = Message.load(Delivery.objects.get(method="webhook").payload)
    assert message.language == "zh-hans"
    assert "余额" in message.title
