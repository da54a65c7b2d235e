"""What the tests of keys share."""

import pytest

from gateway.models import Channel, Route


@pytest.fixture
def channel(db) -> Channel:
    """An enabled channel with two models, open to every group; the only one."""
    Channel.objects.all().delete()
    made = Channel.objects.create(name="main", base_url="https://upstream.example")
    Route.objects.create(channel=made, model="small")
    Route.objects.create(channel=made, model="large")
    return made


@pytest.fixture
def other(group, django_user_model):
    """Another account."""
    return django_user_model.objects.create_user("lin", "lin@example.com", "correct horse battery", group=group)
