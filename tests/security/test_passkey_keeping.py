"""Passkeys that an account keeps: how many, under which names, until when."""

import json

import pytest

from notifications.models import Delivery
from security import passkeys
from security.models import Event, Passkey, SecurityPolicy, Session
from security.relying_party import Off
from security.responses import Refused
from security.sessions import SessionStore
from tests.security.ceremonies import SESSION, kinds, register
from tests.security.softkey import SoftKey

pytestmark = pytest.mark.django_db


@pytest.mark.req("A17")
def test_adding_and_removing_are_mailed_and_end_other_sessions(user, key):
    for _ in range(2):
        store = SessionStore()
        store["_auth_user_id"] = str(user.pk)
        store.create()
    passkey = register(user, key)
    passkeys.remove(passkey, session_key=SESSION)
    assert kinds(user) == [Event.Kind.PASSKEY_ADDED, Event.Kind.PASSKEY_REMOVED]
    assert Delivery.objects.count() == 2
    assert not Session.objects.filter(user=user).exists()


@pytest.mark.req("F8")
def test_ten_passkeys_and_no_more(user, key):
    for number in range(9):
        register(user, SoftKey(), f"key {number}")
    late = key.create(passkeys.begin(user, SESSION))
    register(user, SoftKey(), "the tenth")
    with pytest.raises(passkeys.TooManyPasskeys):
        passkeys.begin(user, SESSION)
    with pytest.raises(passkeys.TooManyPasskeys):
        passkeys.confirm(user, "the eleventh", json.dumps(late), session_key=SESSION)
    assert Passkey.objects.count() == 10


@pytest.mark.req("F8")
def test_an_authenticator_is_told_what_it_holds_already(user, key, passkey):
    with pytest.raises(RuntimeError, match="InvalidStateError"):
        register(user, key)


@pytest.mark.req("F8")
def test_a_credential_belongs_to_one_account(user, key, passkey, stranger):
    with pytest.raises(Refused):
        register(stranger, SoftKey(), credential_id=next(iter(key.keys)))
    assert Passkey.objects.get().user == user


@pytest.mark.req("F8")
@pytest.mark.parametrize(("size", "good"), [(1, True), (1023, True), (1024, False), (5000, False)])
def test_an_id_has_at_most_1023_bytes(user, size, good):
    if good:
        assert len(register(user, SoftKey(id_bytes=size)).credential_id) == size
    else:
        with pytest.raises(Refused):
            register(user, SoftKey(id_bytes=size))


@pytest.mark.req("F8")
@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b"])
def test_a_name_has_1_to_64_characters(user, key, passkey, name):
    with pytest.raises(passkeys.InvalidName):
        register(user, SoftKey(), name)
    with pytest.raises(passkeys.InvalidName):
        passkeys.rename(passkey, name)


def test_a_passkey_is_renamed(passkey):
    passkeys.rename(passkey, f" {'ö' * 64} ")
    assert Passkey.objects.get().name == "ö" * 64


@pytest.mark.req("F9")
def test_the_last_way_in_stays(user, key, passkey):
    user.set_unusable_password()
    user.save()
    with pytest.raises(passkeys.LastWayIn):
        passkeys.remove(passkey, session_key=SESSION)
    second = register(user, SoftKey(), "second")
    passkeys.remove(passkey, session_key=SESSION)
    with pytest.raises(passkeys.LastWayIn):
        passkeys.remove(second, session_key=SESSION)
    assert Passkey.objects.get() == second


@pytest.mark.req("F9")
def test_beside_a_password_every_passkey_can_go(user, passkey):
    passkeys.remove(passkey, session_key=SESSION)
    passkeys.remove(passkey, session_key=SESSION)
    assert not Passkey.objects.exists()
    assert kinds(user) == [Event.Kind.PASSKEY_ADDED, Event.Kind.PASSKEY_REMOVED]


@pytest.mark.req("F10")
def test_switched_off_nothing_begins_and_nothing_ends(user, key, passkey):
    made, given = passkeys.begin(user, SESSION), key.get(passkeys.begin_sign_in(SESSION))
    again = key.get(passkeys.begin_sudo(user, SESSION))
    new = SoftKey().create(made)
    SecurityPolicy.objects.create(passkeys=False)
    for attempt in (
        lambda: passkeys.begin(user, SESSION),
        lambda: passkeys.begin_sign_in(SESSION),
        lambda: passkeys.begin_sudo(user, SESSION),
        lambda: passkeys.confirm(user, "x", json.dumps(new), session_key=SESSION),
        lambda: passkeys.sign_in(json.dumps(given), session_key=SESSION),
        lambda: passkeys.confirm_sudo(user, json.dumps(again), session_key=SESSION),
    ):
        with pytest.raises(Off):
            attempt()
