"""Passkeys under parallel use: the cap and the last way in hold."""

import json
from functools import partial

import pytest

from accounts.models import User
from security import passkeys, responses
from security.models import Passkey
from tests.scale import scaled
from tests.security.softkey import SoftKey
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def answers(user: User, number: int) -> list[str]:
    return [json.dumps(SoftKey().create(passkeys.begin(user, str(turn)))) for turn in range(number)]


def attempt(work) -> bool:
    try:
        work()
    except (passkeys.TooManyPasskeys, passkeys.LastWayIn, responses.Refused):
        return False
    return True


def remove(pair: list[Passkey], number: int) -> bool:
    return attempt(lambda: passkeys.remove(pair[number], session_key=None))


def sign_in(raw: str, _: int) -> bool:
    return attempt(lambda: passkeys.sign_in(raw, session_key="0"))


@pytest.mark.req("F8")
def test_of_twenty_at_nine_one_is_kept(user):
    for raw in answers(user, 9):
        passkeys.confirm(user, "old", raw, session_key=str(Passkey.objects.count()))
    waiting = answers(user, 20)
    won = together(20, lambda n: attempt(lambda: passkeys.confirm(user, f"new {n}", waiting[n], session_key=str(n))))
    assert sum(won) == 1
    assert Passkey.objects.filter(user=user).count() == 10


@pytest.mark.req("F9")
def test_of_two_removals_of_the_last_two_one_is_refused(user):
    user.set_unusable_password()
    user.save()
    for _ in range(scaled(10, least=3)):
        Passkey.objects.all().delete()
        pair = [passkeys.confirm(user, "one", raw, session_key=str(turn)) for turn, raw in enumerate(answers(user, 2))]
        assert sum(together(2, partial(remove, pair))) == 1
        assert Passkey.objects.count() == 1


@pytest.mark.req("F1")
def test_of_24_sign_ins_by_one_answer_one_counts(user):
    key = SoftKey()
    passkeys.confirm(user, "Laptop", json.dumps(key.create(passkeys.begin(user, "0"))), session_key="0")
    rounds, won = scaled(10, least=2), 0
    for _ in range(rounds):
        raw = json.dumps(key.get(passkeys.begin_sign_in("0")))
        won += sum(together(24, partial(sign_in, raw)))
    assert won == rounds
