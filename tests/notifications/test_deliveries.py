"""What an account was told: listed, shown try by try, sent again; and the link that confirms an address."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from notifications import changes, courier, mailboxes, methods, outbox
from notifications.models import Delivery, Method
from notifications.transports import TRANSPORTS
from notifications.transports.base import Answer, TransportFailed
from notifications.transports.gotify import GotifyTarget
from tests.notifications.test_courier import MESSAGE, TARGET
from tests.together import together

PAGE = "/settings/notifications/"


@pytest.fixture
def mei(user, client):
    Method.objects.create(user=user, kind="gotify", enabled=True, target=TARGET.dump())
    client.force_login(user)
    return user


class Down:
    """A server that says what went wrong."""

    Target = GotifyTarget

    @staticmethod
    def send(_target, _message):
        raise TransportFailed(
            "It is down.", answer=Answer(503, "POST https://gotify.example.com/••••", "HTTP 503, 4 bytes")
        )


def put(user, **more) -> Delivery:
    given = {"event": "quota.low", "method": "gotify", "subject": "Low", "payload": MESSAGE.dump(), "repeatable": True}
    return outbox.put(**{**given, **more}, user=user)


def test_a_delivery_shows_request_tries_and_what_came_back(mei, client, monkeypatch):
    monkeypatch.setitem(TRANSPORTS, "gotify", Down)
    row = put(mei)
    courier.deliver_due()
    shown = client.get(f"{PAGE}deliveries/{row.pk}/").content.decode()
    for words in (
        "POST https://gotify.example.com/••••",
        "It is down.",
        "HTTP 503, 4 bytes",
        f"msg_{row.pk}",
        "Next try",
    ):
        assert words in shown, words
    assert "Send again" not in shown, "it is tried again by itself"


def test_what_was_given_up_is_sent_again_by_a_button(mei, client):
    row = put(mei)
    Delivery.objects.update(state="dead", attempts=8)
    assert "Send again" in client.get(f"{PAGE}deliveries/{row.pk}/").content.decode()
    client.post(f"{PAGE}deliveries/{row.pk}/again/")
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)


@pytest.mark.req("I16")
def test_deliveries_of_others_do_not_exist(mei, client, group):
    row = put(User.objects.create_user("eve", group=group))
    unknown = client.get(f"{PAGE}deliveries/{row.pk + 1}/")
    for answer in (client.get(f"{PAGE}deliveries/{row.pk}/"), client.post(f"{PAGE}deliveries/{row.pk}/again/")):
        assert answer.status_code == unknown.status_code == 404
    assert "Low" not in client.get(f"{PAGE}deliveries/").content.decode()


def test_they_are_listed_page_by_page_newest_first(mei, client):
    rows = [put(mei, subject=f"Message {number:03}") for number in range(30)]
    first = client.get(f"{PAGE}deliveries/").content.decode()
    assert re.findall(r"Message \d+", first)[0] == "Message 029"
    assert f"?before={rows[5].pk}" in first
    older = client.get(f"{PAGE}deliveries/?before={rows[5].pk}", headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r"Message \d+", older) == [f"Message {number:03}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "²", ""])
def test_a_page_that_nobody_offered_is_the_first(mei, client, before):
    assert client.get(f"{PAGE}deliveries/", {"before": before}).status_code == 200


@pytest.fixture
def link(mei, client, files):
    """Enter another address, and return the path of the link in the mail that went there."""

    def ask(address: str = "else@example.org") -> str:
        changes.save(mei, "email", form={"address": address})
        courier.deliver_due()
        letter = max(files.iterdir()).read_text()
        assert f"To: {address}" in letter
        found = re.search(r"http://localhost:8000(/settings/notifications/address/\S+/)", letter)
        assert found
        return found[1]

    return ask


def test_another_address_counts_only_once_its_link_was_followed(mei, client, link):
    path = link()
    assert methods.address(methods.one(mei, "email")) == "mei@example.com"
    assert "else@example.org is not confirmed yet." in client.get(PAGE).content.decode()
    client.logout()
    assert client.get(path).status_code == 200
    assert methods.address(methods.one(mei, "email")) == "mei@example.com", "looking uses no link up"
    assert "else@example.org" in client.post(path).content.decode()
    assert methods.address(methods.one(mei, "email")) == "else@example.org"


def test_a_link_works_once_for_a_day_and_only_the_newest(mei, client, link):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        old = link()
        new = link("third@example.org")
        assert client.post(old).status_code == 410
        clock.shift(timedelta(hours=25))
        assert client.post(new).status_code == 410
        again = link("fourth@example.org")
        assert client.post(again).status_code == 200
        assert client.post(again).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_many_who_follow_a_link_at_once_use_it_once(mei, link):
    from_link = link().split("/")[-2]

    def follow(_: int) -> bool:
        try:
            return bool(mailboxes.confirm(from_link))
        except mailboxes.LinkInvalid:
            return False

    assert sum(together(6, follow)) == 1


def test_taking_the_address_back_ends_the_link(mei, client, link):
    path = link()
    changes.save(mei, "email", form={"address": ""})
    assert client.post(path).status_code == 410


def test_saving_again_mails_no_second_link(mei, link):
    link()
    before = Delivery.objects.count()
    changes.save(mei, "email", form={"address": "else@example.org"}, enabled=True)
    assert Delivery.objects.count() == before


@pytest.mark.req("J11")
def test_links_to_one_address_are_limited(mei, client, noon):
    for number in range(6):
        for address in ("else@example.org", ""):
            answer = client.post(f"{PAGE}email/save/", {"enabled": "on", "address": address})
            assert answer.status_code == (422 if number == 5 and address else 302)
    assert Delivery.objects.filter(event="mail").count() == 5
