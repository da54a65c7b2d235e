"""Fixtures that every room's tests share."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
import time_machine

from accounts.models import Group, User
from gateway.sweep import heart

# the browser's driver comes with `make e2e` only
collect_ignore = [] if find_spec("playwright") else ["journeys"]


@pytest.fixture
def group(db) -> Group:
    """The default group."""
    return Group.objects.get_or_create(is_default=True, defaults={"name": "default"})[0]


@pytest.fixture
def user(group: Group) -> User:
    """An account with a password and no money."""
    return User.objects.create_user("mei", "mei@example.com", "correct horse battery", group=group)


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """A clock that stands at noon: tries are counted in windows of the clock, and none of them closes in between."""
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def stilled():
    """Stop what a test left beating: its next beat would find another test's database, or none."""
    yield
    if heart.cache_info().currsize:
        heart().stop()
        heart.cache_clear()
