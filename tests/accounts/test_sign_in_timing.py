"""Nobody can tell from the time of an answer whether a name is an account's."""

import statistics
import time

import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import Limit, User
from tests.accounts.conftest import PASSWORD, Browser

TURNS = 25  # of each kind, in turns
ROUNDS = 4  # a machine has bad moments; what leaks, leaks in every round
WRONG = "wrong password here"


def _seconds(login: str, number: int) -> float:
    """Processor time of a failed sign-in: other programs do not count."""
    Limit.objects.all().delete()
    browser = Browser(f"10.9.{number // 250}.{number % 250}")
    began = time.process_time()
    assert browser.sign_in(login, WRONG).status_code == 422
    return time.process_time() - began


def _spread(logins: list[str]) -> float:
    """How far the medians of the kinds are apart, as a ratio."""
    taken: dict[str, list[float]] = {login: [] for login in logins}
    for turn in range(TURNS):
        for number, login in enumerate(logins):
            taken[login].append(_seconds(login, turn * len(logins) + number))
    medians = [statistics.median(times) for times in taken.values()]
    return max(medians) / min(medians)


@pytest.mark.req("A1")
def test_every_failure_takes_the_same_time(user, group, settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2id"]
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    User.objects.create_user("off", "off@example.com", PASSWORD, group=group, is_active=False)
    User.objects.create_user("bare", "bare@example.com", None, group=group)
    kinds = ["mei", "mei@example.com", "nobody", "nobody@example.com", "off", "bare"]
    _spread(kinds[:1])  # warm
    spreads: list[float] = []
    while not spreads or (min(spreads) > 1.1 and len(spreads) < ROUNDS):
        spreads.append(_spread(kinds))
    assert min(spreads) <= 1.1, spreads
