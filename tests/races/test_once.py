"""The race table: 24 runners over two processes, ten rounds at full size; one of them gets it in each."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from accounts.models import Group, User
from console import setup
from security import passkeys
from security.models import Passkey
from tests.races import runners
from tests.races.runway import RUNNERS, runway
from tests.scale import scaled
from tests.security.softkey import SoftKey

pytestmark = pytest.mark.django_db(transaction=True)
Race = Callable[..., list[bool]]
ROUNDS = scaled(10)


@pytest.fixture
def race(transactional_db) -> Iterator[Race]:
    with runway() as running:
        yield running


def told(capsys, what: str, won: int) -> None:
    """Print a line of the table, and hold it to exactly one in each round."""
    with capsys.disabled():
        print(f"\n{what}: {RUNNERS} x {ROUNDS} rounds, {won} got it")  # noqa: T201 (a figure to report)
    assert won == ROUNDS


def keep(user: User, number: int) -> list[Passkey]:
    """Leave the account this many passkeys."""
    Passkey.objects.all().delete()
    kept = []
    for turn in range(number):
        raw = json.dumps(SoftKey().create(passkeys.begin(user, f"old {turn}")))
        kept.append(passkeys.confirm(user, f"old {turn}", raw, session_key=f"old {turn}"))
    return kept


@pytest.mark.req("F1")
def test_an_answer_to_a_challenge(user, race, capsys):
    key, won = SoftKey(), 0
    passkeys.confirm(user, "Laptop", json.dumps(key.create(passkeys.begin(user, "0"))), session_key="0")
    for _ in range(ROUNDS):
        won += sum(race(runners.answer, json.dumps(key.get(passkeys.begin_sign_in("0")))))
    told(capsys, "challenge", won)


@pytest.mark.req("F8")
def test_the_tenth_passkey(user, race, capsys):
    won = 0
    for _ in range(ROUNDS):
        keep(user, 9)
        waiting = [json.dumps(SoftKey().create(passkeys.begin(user, str(turn)))) for turn in range(RUNNERS)]
        won += sum(race(runners.add, user.pk, waiting))
        assert Passkey.objects.count() == 10
    told(capsys, "passkey cap", won)


@pytest.mark.req("F9")
def test_the_last_way_in(user, race, capsys):
    User.objects.filter(pk=user.pk).update(password="!")
    won = 0
    for _ in range(ROUNDS):
        pair = [passkey.pk for passkey in keep(User.objects.get(pk=user.pk), 2)]
        race(runners.remove, pair)
        won += 2 - Passkey.objects.count()
        assert Passkey.objects.count() == 1
    told(capsys, "last way in", won)


@pytest.mark.req("A14")
def test_a_reset_link(user, race, capsys):
    won = 0
    for _ in range(ROUNDS):
        user.refresh_from_db()
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        won += sum(race(runners.reset, f"/accounts/password/reset/key/{key}/"))
    told(capsys, "reset link", won)


@pytest.mark.req("A15")
def test_the_first_administrator(race, capsys):
    won = 0
    for _ in range(ROUNDS):
        User.objects.all().delete()
        Group.objects.get_or_create(is_default=True, defaults={"name": "default"})
        link = setup.first_link()
        assert link
        (token,) = parse_qs(urlsplit(link).query)["token"]
        won += sum(race(runners.first, token))
        assert User.objects.count() == 1
    told(capsys, "first administrator", won)
