"""Challenges: once, for five minutes, for one session and one ceremony."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from security import challenges
from security.challenges import Ceremony
from security.models import Challenge
from tests.scale import scaled
from tests.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.req("F1")]


def claimed(*args) -> bool:
    try:
        challenges.claim(*args)
    except challenges.Stale:
        return False
    return True


def claim(value: bytes, _: int) -> bool:
    return claimed(value, "session", Ceremony.SIGN_IN)


def test_a_challenge_is_64_bytes_and_never_the_same():
    values = {challenges.issue("session", Ceremony.SIGN_IN) for _ in range(50)}
    assert len(values) == 50
    assert {len(value) for value in values} == {64}


def test_a_challenge_is_answered_once():
    value = challenges.issue("session", Ceremony.SIGN_IN)
    assert claimed(value, "session", Ceremony.SIGN_IN)
    assert not claimed(value, "session", Ceremony.SIGN_IN)


def test_a_challenge_is_bound_to_session_ceremony_and_account(user):
    value = challenges.issue("session", Ceremony.SUDO, user)
    assert not claimed(value, "other", Ceremony.SUDO, user)
    assert not claimed(value, "session", Ceremony.REGISTER, user)
    assert not claimed(value, "session", Ceremony.SUDO, None)
    assert not claimed(b"", "session", Ceremony.SUDO, user)
    assert claimed(value, "session", Ceremony.SUDO, user)


def test_a_challenge_lasts_five_minutes():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        early, late = (challenges.issue("session", Ceremony.SIGN_IN) for _ in range(2))
        clock.shift(timedelta(minutes=4, seconds=59))
        assert claimed(early, "session", Ceremony.SIGN_IN)
        clock.shift(timedelta(seconds=1))
        assert not claimed(late, "session", Ceremony.SIGN_IN)


def test_only_what_is_too_old_is_pruned():
    with time_machine.travel(timezone.now() - timedelta(minutes=6)):
        challenges.issue("session", Ceremony.SIGN_IN)
    kept = challenges.issue("session", Ceremony.SIGN_IN)
    assert challenges.prune() == 1
    assert claimed(kept, "session", Ceremony.SIGN_IN)


def test_the_key_of_the_session_is_not_kept():
    challenges.issue("very-secret-session-key", Ceremony.SIGN_IN)
    assert "very-secret" not in Challenge.objects.get().session


@pytest.mark.django_db(transaction=True)
def test_of_24_answers_at_once_one_counts():
    rounds = scaled(10, least=2)
    won = 0
    for _ in range(rounds):
        value = challenges.issue("session", Ceremony.SIGN_IN)
        won += sum(together(24, partial(claim, value)))
    assert won == rounds
