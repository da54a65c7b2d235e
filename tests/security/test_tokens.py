"""System access tokens: made, replaced, revoked, known again."""

import random
import string
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from common import secretkeys
from security import tokens
from security.models import AccessToken, Event
from tests.scale import scaled

START = timezone.now()


def made(user, name="default", **chosen) -> tuple[AccessToken, str]:
    return tokens.make(user, name=name, **{"scopes": ["read"], **chosen})


def kinds(user) -> list[str]:
    return list(Event.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))


@pytest.mark.req("H1")
def test_a_token_is_a_prefix_190_random_bits_and_a_checksum(user):
    secret = made(user)[1]
    assert secret.startswith("tgat-")
    assert len(secret) == len("tgat-") + 32 + 6
    assert secretkeys.well_formed(secret, "tgat-")


@pytest.mark.req("H1")
def test_a_wrong_checksum_costs_no_query(user, django_assert_num_queries):
    made(user)
    dice = random.Random(20_261_123)
    alphabet = string.ascii_letters + string.digits
    with django_assert_num_queries(0):
        for _ in range(scaled(100_000)):
            secret = "tgat-" + "".join(dice.choices(alphabet, k=38))
            with pytest.raises(tokens.InvalidToken):
                tokens.authenticate(secret)


@pytest.mark.req("H1")
def test_every_typing_error_in_a_token_is_noticed_by_its_checksum(user, django_assert_num_queries):
    secret = made(user)[1]
    with django_assert_num_queries(0):
        for place in range(len(secret)):
            mistyped = secret[:place] + ("a" if secret[place] != "a" else "b") + secret[place + 1 :]
            with pytest.raises(tokens.InvalidToken):
                tokens.authenticate(mistyped)


@pytest.mark.parametrize(
    "odd", ["", "tgat-", "x" * 10_000, "tgat-" + "é" * 38, "tgat-" + "\0" * 38, "sk-tg-" + "0" * 38]
)
def test_what_is_no_token_is_refused(odd, django_assert_num_queries, db):
    with django_assert_num_queries(0), pytest.raises(tokens.InvalidToken):
        tokens.authenticate(odd)


@pytest.mark.req("H2")
def test_only_a_digest_and_a_hint_are_stored(user):
    token, secret = made(user)
    stored = " ".join(str(value) for value in AccessToken.objects.values_list().get())
    assert secret not in stored
    assert secret[5:-4] not in stored
    assert token.digest == secretkeys.digest(secret)
    assert token.hint == f"{secret[:10]}…{secret[-4:]}"


def test_a_token_is_known_again_with_its_owner(user, django_assert_num_queries):
    token, secret = made(user)
    tokens.authenticate(secret)
    with django_assert_num_queries(1):
        found = tokens.authenticate(secret)
        assert (found, found.user, found.user.group) == (token, user, user.group)


@pytest.mark.req("H8")
def test_a_token_lives_for_90_days_unless_told_otherwise(user):
    with time_machine.travel(START, tick=False) as clock:
        secret = made(user)[1]
        short = made(user, "short", expires_at=START + timedelta(days=1))[1]
        clock.shift(timedelta(days=1))
        assert tokens.authenticate(secret).name == "default"
        with pytest.raises(tokens.InvalidToken):
            tokens.authenticate(short)
        clock.shift(timedelta(days=89))
        with pytest.raises(tokens.InvalidToken):
            tokens.authenticate(secret)


@pytest.mark.req("H8")
def test_a_token_unused_for_a_year_is_as_good_as_revoked_and_then_is(user):
    with time_machine.travel(START, tick=False) as clock:
        made(user, "used", expires_at=START + timedelta(days=366))
        secret = made(user, "idle", expires_at=START + timedelta(days=366))[1]
        AccessToken.objects.filter(name="used").update(last_used_at=START + timedelta(days=1))
        clock.shift(timedelta(days=365, seconds=1))
        with pytest.raises(tokens.InvalidToken):
            tokens.authenticate(secret)
        assert tokens.revoke_unused() == 1
        assert [token.name for token in user.access_tokens.all()] == ["used"]
        assert kinds(user)[-1] == Event.Kind.TOKEN_REVOKED
        assert tokens.revoke_unused() == 0


@pytest.mark.req("H4")
def test_a_revoked_token_is_dead_at_once(user):
    token, secret = made(user)
    assert tokens.revoke(token)
    with pytest.raises(tokens.InvalidToken):
        tokens.authenticate(secret)
    assert not tokens.revoke(token)
    assert kinds(user) == [Event.Kind.TOKEN_MADE, Event.Kind.TOKEN_REVOKED]


@pytest.mark.req("H4")
def test_a_disabled_owner_has_no_token_that_works(user):
    secret = made(user)[1]
    User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(tokens.InvalidToken):
        tokens.authenticate(secret)


def test_a_replaced_token_dies_and_its_time_begins_anew(user):
    with time_machine.travel(START, tick=False) as clock:
        token, old = made(user, scopes=["keys", "read"], expires_at=START + timedelta(days=30))
        tokens.authenticate(old)
        clock.shift(timedelta(days=20))
        new = tokens.replace(token)
        with pytest.raises(tokens.InvalidToken):
            tokens.authenticate(old)
        assert (token.name, token.scopes, token.last_used_at) == ("default", ["read", "keys"], None)
        assert token.expires_at == START + timedelta(days=50)
        assert tokens.authenticate(new) == token
        assert kinds(user) == [Event.Kind.TOKEN_MADE] * 2


def test_a_token_replaced_by_two_at_once_is_replaced_by_one(user):
    token = made(user)[0]
    same = AccessToken.objects.get()
    secret = tokens.replace(token)
    with pytest.raises(tokens.TokenGone):
        tokens.replace(same)
    assert tokens.authenticate(secret) == token


def test_use_is_noted_at_most_once_a_minute(user, django_assert_num_queries):
    with time_machine.travel(START, tick=False) as clock:
        token, secret = made(user)
        with django_assert_num_queries(2):
            tokens.authenticate(secret)
        clock.shift(timedelta(seconds=60))
        with django_assert_num_queries(1):
            tokens.authenticate(secret)
        clock.shift(timedelta(seconds=1))
        with django_assert_num_queries(2):
            tokens.authenticate(secret)
        token.refresh_from_db()
        assert token.last_used_at == START + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("chosen", "refusal"),
    [
        ({"name": ""}, tokens.InvalidName),
        ({"name": "   "}, tokens.InvalidName),
        ({"name": "x" * 65}, tokens.InvalidName),
        ({"name": "a\nb"}, tokens.InvalidName),
        ({"name": "a\0b"}, tokens.InvalidName),
        ({"scopes": []}, tokens.InvalidScopes),
        ({"scopes": ["read", "admin"]}, tokens.InvalidScopes),
        ({"expires_at": START - timedelta(seconds=1)}, tokens.InvalidExpiry),
        ({"expires_at": START + timedelta(days=367)}, tokens.InvalidExpiry),
    ],
)
def test_what_cannot_be_a_token_is_refused_with_words(user, chosen, refusal):
    with time_machine.travel(START, tick=False), pytest.raises(refusal) as raised:
        made(user, **chosen)
    assert str(raised.value)
    assert raised.value.field in {"name", "scopes", "expires_at"}
    assert not user.access_tokens.exists()
    assert kinds(user) == []


def test_a_name_is_given_once(user, django_user_model):
    made(user, " build ")
    with pytest.raises(tokens.NameTaken):
        made(user, "build")
    other = django_user_model.objects.create_user("lin", "lin@example.com", group=user.group)
    assert made(other, "build")


def test_an_account_has_at_most_twenty_tokens(user):
    for number in range(20):
        made(user, f"token {number}")
    with pytest.raises(tokens.TooManyTokens):
        made(user, "one more")
