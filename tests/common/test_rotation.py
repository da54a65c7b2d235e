"""Encrypted columns and a new key: everything moves to it, nothing is lost, and what is unreadable is said to be."""

import json
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Provider, User
from common import rotation
from common.fields import EncryptedTextField
from gateway.models import Channel, ChannelKey
from notifications.models import Delivery, Method
from security.models import TOTPDevice
from tests.second_factor import SECRET, enroll
from tests.together import together

OLD, NEW, LOST = "an old key", "a new key", "a key that nobody has any more"


@pytest.fixture
def ring(settings, user):
    """One value in each encrypted column, all under the old key; then a new one is put before it."""
    Channel.objects.all().delete()  # one comes with the installation, under its own key
    settings.FIELD_KEYS = [OLD]
    enroll(user)
    channel = Channel.objects.create(name="main", base_url="https://upstream.example", headers='{"x": "y"}')
    ChannelKey.objects.create(channel=channel, secret="sk-upstream")
    Provider.objects.create(slug="corp", name="Corp", issuer="https://id.example", client_id="x", client_secret="shh")
    Delivery.objects.create(event="mail", payload="a letter")
    Method.objects.create(user=user, kind="webhook", target="a receiver")
    settings.FIELD_KEYS = [NEW, OLD]
    return settings


def tallies(**kwargs: Any) -> dict[str, rotation.Tally]:
    return {tally.column: tally for tally in rotation.rotate(**kwargs)}


def stored(column: str) -> set[str]:
    """Return the values of a column as they lie in the database."""
    model, field = next(
        (model, field) for model, field in rotation.columns() if f"{model._meta.label_lower}.{field.name}" == column
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {field.column} FROM {model._meta.db_table}")
        return {row[0] for row in cursor.fetchall()}


def readable() -> dict[str, str]:
    return {
        "totp": TOTPDevice.objects.get().secret,
        "codes": TOTPDevice.objects.get().codes,
        "headers": Channel.objects.get().headers,
        "upstream": ChannelKey.objects.get().secret,
        "provider": Provider.objects.get().client_secret,
        "letter": Delivery.objects.get().payload,
        "method": Method.objects.get().target,
    }


EVERYTHING = {
    "totp": SECRET,
    "codes": "",
    "headers": '{"x": "y"}',
    "upstream": "sk-upstream",
    "provider": "shh",
    "letter": "a letter",
    "method": "a receiver",
}


@pytest.mark.req("D8")
def test_after_it_the_old_key_is_needed_no_more(ring):
    before = {column: stored(column) for column in tallies_columns()}
    assert {tally.rotated for tally in tallies().values()} == {1}
    ring.FIELD_KEYS = [NEW]
    assert readable() == EVERYTHING
    assert all(stored(column).isdisjoint(tokens) for column, tokens in before.items())
    ring.FIELD_KEYS = [OLD]
    with pytest.raises(InvalidToken):
        readable()


def tallies_columns() -> list[str]:
    return [f"{model._meta.label_lower}.{field.name}" for model, field in rotation.columns()]


def test_every_encrypted_column_is_known():
    assert set(tallies_columns()) >= {
        "accounts.provider.client_secret",
        "gateway.channel.headers",
        "gateway.channelkey.secret",
        "notifications.delivery.payload",
        "notifications.delivery.tries",
        "notifications.method.pending",
        "notifications.method.target",
        "security.totpdevice.codes",
        "security.totpdevice.secret",
    }
    assert all(isinstance(field, EncryptedTextField) for _, field in rotation.columns())


def test_a_second_run_changes_nothing(ring):
    rotation.rotate()
    before = {column: stored(column) for column in tallies_columns()}
    again = tallies()
    assert {(tally.rotated, tally.current, tally.unreadable) for tally in again.values()} == {(0, 1, 0)}
    assert {column: stored(column) for column in tallies_columns()} == before


def test_a_run_that_was_cut_off_goes_on_where_it_was(ring, monkeypatch):
    Delivery.objects.all().delete()
    ring.FIELD_KEYS = [OLD]
    Delivery.objects.bulk_create(Delivery(event="mail", payload=f"letter {number}") for number in range(25))
    ring.FIELD_KEYS = [NEW, OLD]
    done = 0

    def cut(number: int) -> None:
        nonlocal done
        done += number
        if done > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(batch=5, progress=cut)
    tally = tallies(batch=5)["notifications.delivery.payload"]
    assert 0 < tally.current < 25
    assert tally.rotated + tally.current == 25
    ring.FIELD_KEYS = [NEW]
    assert {row.payload for row in Delivery.objects.all()} == {f"letter {number}" for number in range(25)}


def test_what_no_key_opens_is_left_alone_and_named(ring):
    ring.FIELD_KEYS = [LOST]
    Delivery.objects.create(event="mail", payload="lost")
    ring.FIELD_KEYS = [NEW, OLD]
    before = stored("notifications.delivery.payload")
    tally = tallies()["notifications.delivery.payload"]
    assert (tally.rotated, tally.unreadable) == (1, 1)
    ring.FIELD_KEYS = [LOST]
    assert len(before & stored("notifications.delivery.payload")) == 1
    assert "lost" in [row.payload for row in Delivery.objects.filter(pk=Delivery.objects.latest("pk").pk)]


def test_what_somebody_writes_at_the_same_moment_stays(ring, monkeypatch):
    walk = rotation._batches
    row = Delivery.objects.get()

    def meanwhile(model, field, size):
        for rows in walk(model, field, size):
            if model is Delivery:
                Delivery.objects.filter(pk=row.pk).update(payload="written meanwhile")
            yield rows

    monkeypatch.setattr(rotation, "_batches", meanwhile)
    tally = tallies()["notifications.delivery.payload"]
    assert tally.rotated == 0
    assert Delivery.objects.get().payload == "written meanwhile"


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_no_harm(ring):
    ring.FIELD_KEYS = [OLD]
    Delivery.objects.bulk_create(Delivery(event="mail", payload=f"letter {number}") for number in range(40))
    ring.FIELD_KEYS = [NEW, OLD]
    together(2, lambda _: rotation.rotate(batch=7))
    ring.FIELD_KEYS = [NEW]
    assert readable_letters() == {"a letter", *(f"letter {number}" for number in range(40))}
    assert rotation.values() == 89


def readable_letters() -> set[str]:
    return {row.payload for row in Delivery.objects.all()}


def test_the_command_counts_and_ends_well(ring, capsys):
    call_command("secrets", "rotate", "--json", "--batch", "1")
    told = json.loads(capsys.readouterr().out)
    assert (told["keys"], told["left"]) == (2, 0)
    assert {row["column"]: row["rotated"] for row in told["columns"]}["security.totpdevice.secret"] == 1
    call_command("secrets", "rotate")
    printed = capsys.readouterr().out
    assert "gateway.channelkey.secret: 0 encrypted anew, 1 had the newest key, 0 unreadable, 0 changed" in printed


def test_the_command_says_what_is_left_and_ends_with_1(ring, capsys):
    ring.FIELD_KEYS = [NEW]
    with pytest.raises(CommandError) as ended:
        call_command("secrets", "rotate")
    assert ended.value.returncode == 1
    told = capsys.readouterr()
    assert "9 values are not under the newest key." in told.err
    assert User.objects.exists()


@pytest.mark.req("I19")
def test_the_command_prints_no_secret(ring, capsys):
    call_command("secrets", "rotate", "--json")
    call_command("secrets", "rotate")
    said = "".join(capsys.readouterr())
    assert [word for word in (SECRET, "sk-upstream", "shh", "a letter", OLD, NEW) if word in said] == []
