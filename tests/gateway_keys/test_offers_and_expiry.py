"""Which models a key can be limited to, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Group
from gateway import expiry, offers


def test_models_of_enabled_channels_are_offered(user, channel):
    assert offers.models(user) == ["large", "small"]

    channel.enabled = False
    channel.save()
    assert offers.models(user) == []


def test_models_of_another_group_are_not_offered(user, channel):
    channel.groups.add(Group.objects.create(name="others"))
    assert offers.models(user) == []

    channel.groups.add(user.group)
    assert offers.models(user) == ["large", "small"]


def test_group_narrows_what_is_offered(user, channel):
    user.group.allowed_models = ["small"]

    assert offers.models(user) == ["small"]


@pytest.mark.parametrize(
    ("text", "span"), [("90d", timedelta(days=90)), ("12h", timedelta(hours=12)), ("2w", timedelta(days=14))]
)
def test_span_counts_from_now(text, span):
    with time_machine.travel(datetime(2026, 11, 18, tzinfo=UTC), tick=False):
        assert expiry.parse(text) == timezone.now() + span


def test_date_means_its_last_second():
    assert expiry.parse("2027-01-31") == datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0d", "90", "-1d", "soon", "2027-13-01", "999999d"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        expiry.parse(text)
