"""Making, taking over, switching and deleting keys."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from common import money, secretkeys, version
from gateway import key_rules as rules
from gateway import keys
from gateway.models import ApiKey


@pytest.mark.req("H2")
def test_minted_key_is_well_formed_and_kept_as_a_digest(user):
    key, secret = keys.mint(user, "laptop")

    assert secretkeys.well_formed(secret, "sk-tg-")
    assert key.digest == secretkeys.digest(secret)
    assert key.hint == f"{secret[:10]}…{secret[-4:]}"
    assert secret not in {str(value) for value in ApiKey.objects.values_list().get()}


def test_minted_key_never_expires_and_has_no_limits_by_default(user):
    key, _ = keys.mint(user, "laptop")

    assert (key.expires_at, key.limit, key.allowed_models, key.subnets, key.enabled) == (None, None, [], [], True)


def test_minted_key_obeys_what_it_was_told(user):
    later = timezone.now() + timedelta(days=1)

    key, _ = keys.mint(
        user,
        " ci ",
        limit=5,
        period="week",
        allowed_models=["a", "a", " "],
        subnets=["10.0.0.1", "2001:db8::/32"],
        expires_at=later,
    )

    key.refresh_from_db()
    assert (key.name, key.limit, key.period, key.expires_at) == ("ci", 5, "week", later)
    assert key.allowed_models == ["a"]
    assert key.subnets == ["10.0.0.1/32", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("obeyed", "refusal"),
    [
        ({"limit": 0}, rules.InvalidLimit),
        ({"limit": -1}, rules.InvalidLimit),
        ({"limit": money.LARGEST + 1}, rules.InvalidLimit),
        ({"period": "year"}, rules.InvalidPeriod),
        ({"subnets": ["10.0.0.0/33"]}, rules.InvalidSubnet),
        ({"subnets": ["example.com"]}, rules.InvalidSubnet),
        ({"subnets": [f"10.0.0.{n}" for n in range(101)]}, rules.InvalidSubnet),
        ({"allowed_models": ["x" * 201]}, rules.InvalidModels),
        ({"allowed_models": ["a\nb"]}, rules.InvalidModels),
        ({"allowed_models": [str(n) for n in range(101)]}, rules.InvalidModels),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, rules.InvalidExpiry),
        ({"expires_at": datetime(9999, 12, 31, tzinfo=UTC)}, rules.InvalidExpiry),
    ],
)
def test_rule_that_makes_no_sense_is_refused(user, obeyed, refusal):
    with pytest.raises(refusal) as caught:
        keys.mint(user, "laptop", **obeyed)

    assert caught.value.field in obeyed
    assert str(caught.value)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\x00b", "a\nb"])
def test_name_that_cannot_be_read_is_refused(user, name):
    with pytest.raises(rules.InvalidName):
        keys.mint(user, name)


def test_name_is_unique_per_owner(user, other):
    keys.mint(user, "laptop")
    keys.mint(other, "laptop")

    with pytest.raises(rules.NameTaken):
        keys.mint(user, "laptop")


def test_group_limits_the_number_of_keys(user):
    user.group.max_keys = 1
    user.group.save()
    keys.mint(user, "first")

    with pytest.raises(rules.TooManyKeys):
        keys.mint(user, "second")


@pytest.mark.django_db(transaction=True)
def test_number_of_keys_holds_when_two_are_made_at_once(user):
    user.group.max_keys = 3
    user.group.save()
    refused = []

    def make(number):
        try:
            keys.mint(user, f"key {number}")
        except rules.TooManyKeys:
            refused.append(number)
        finally:
            connection.close()

    threads = [Thread(target=make, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (user.api_keys.count(), len(refused)) == (3, 3)


def test_secret_of_another_system_keeps_working(user):
    secret = "sk-proj-0123456789abcdefghij"

    key = keys.adopt(user, "old", secret)

    assert (key.key_class, key.digest) == ("legacy", secretkeys.digest(secret))


def test_secret_of_another_tollgate_keeps_its_class(user):
    secret = secretkeys.mint(secretkeys.API_KEY)

    assert keys.adopt(user, "old", secret).key_class == "tg"


@pytest.mark.parametrize(
    "secret", ["", "short", "has spaces in it and is long", "ключ-ключ-ключ-ключ-ключ", "sk-tg-" + "0" * 38]
)
def test_secret_that_could_never_be_presented_is_refused(user, secret):
    with pytest.raises(rules.InvalidSecret):
        keys.adopt(user, "old", secret)


def test_secret_belongs_to_one_account_only(user, other):
    keys.adopt(user, "old", "sk-proj-0123456789abcdefghij")

    with pytest.raises(rules.SecretTaken):
        keys.adopt(other, "mine", "sk-proj-0123456789abcdefghij")


def test_key_is_disabled_and_enabled_again(user):
    key, _ = keys.mint(user, "laptop")

    keys.disable(key)
    assert not ApiKey.objects.get().enabled

    keys.enable(key)
    assert ApiKey.objects.get().enabled


def test_deleted_key_is_gone(user):
    key, _ = keys.mint(user, "laptop")

    keys.delete(key)

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("verb", [keys.disable, keys.enable, keys.delete])
def test_every_change_of_a_key_moves_the_version(user, verb):
    before = version.current()
    key, _ = keys.mint(user, "laptop")
    minted = version.current()

    verb(key)

    assert before < minted < version.current()


def test_refused_key_does_not_move_the_version(user):
    before = version.current()

    with pytest.raises(rules.InvalidName):
        keys.mint(user, "")

    assert version.current() == before
