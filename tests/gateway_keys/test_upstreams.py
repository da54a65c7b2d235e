"""What the top of a page says of the channels."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway import upstreams
from gateway.models import Channel, ChannelKey

ACTIVE, RESTING, REFUSED = ChannelKey.State.ACTIVE, ChannelKey.State.RESTING, ChannelKey.State.REFUSED


def channel(name, *states, enabled=True, rest=timedelta(minutes=1)):
    made = Channel.objects.create(name=name, enabled=enabled)
    for state in states:
        ends = timezone.now() + rest if state == RESTING else None
        ChannelKey.objects.create(channel=made, secret="s", suffix="s", state=state, rest_until=ends)


@pytest.mark.parametrize(
    ("channels", "kind"),
    [
        ([], "warn"),
        ([()], ""),
        ([(ACTIVE, REFUSED)], ""),
        ([(RESTING,), (ACTIVE,)], "warn"),
        ([(RESTING, REFUSED), (REFUSED,)], "bad"),
    ],
)
def test_channel_is_down_while_none_of_its_keys_works(db, channels, kind):
    for number, states in enumerate(channels):
        channel(f"channel {number}", *states)

    assert upstreams.condition().kind == kind


def test_key_whose_rest_is_over_works_again(db):
    channel("main", RESTING, rest=timedelta(seconds=-1))

    assert upstreams.condition().kind == ""


def test_disabled_channel_does_not_count(db):
    channel("main", REFUSED, enabled=False)
    channel("other", ACTIVE)

    assert upstreams.condition().words == "all upstreams healthy"


def test_page_says_it_in_words(client, user):
    client.force_login(user)
    channel("one", REFUSED)
    channel("two", ACTIVE)

    assert "1 of 2 upstreams rest" in client.get("/keys/").content.decode()


def test_page_with_its_own_path_does_not_ask(client, user, django_assert_num_queries):
    client.force_login(user)
    with django_assert_num_queries(8):  # session, account, policies, group, models on offer, balance, what is hidden
        client.get("/keys/new/")
