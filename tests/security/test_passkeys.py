"""Passkeys by their verbs: what makes one, what it opens, what is refused."""

import json

import pytest

from accounts.models import User
from notifications.models import Delivery
from security import passkeys, responses
from security.models import Event, Passkey
from security.responses import Refused
from tests.security.ceremonies import SESSION, kinds, register, sign_in
from tests.security.softkey import SoftKey, decode, encode

pytestmark = pytest.mark.django_db


def test_a_passkey_is_kept_and_signs_in(user, key, passkey):
    assert (passkey.name, passkey.transports, passkey.suspect_at) == ("Laptop", ["internal"], None)
    used = sign_in(key)
    assert used == passkey
    assert used.user == user
    stored = Passkey.objects.get()
    assert stored.sign_count == 1
    assert stored.last_used_at


@pytest.mark.req("F3")
def test_user_verification_is_demanded_in_the_options(user, key, passkey):
    made = passkeys.begin(user, SESSION)["authenticatorSelection"]
    assert (made["userVerification"], made["residentKey"], made["requireResidentKey"]) == ("required", "required", True)
    assert passkeys.begin_sign_in(SESSION)["userVerification"] == "required"
    assert passkeys.begin_sudo(user, SESSION)["userVerification"] == "required"


@pytest.mark.req("F3")
def test_an_answer_without_user_verification_is_refused(user, key, passkey):
    key.verifies = False
    for attempt in (lambda: sign_in(key), lambda: register(user, SoftKey(verifies=False))):
        with pytest.raises(Refused):
            attempt()


FOREIGN = {
    "another site": {"origin": "https://evil.example"},
    "another port": {"origin": "http://localhost:8001"},
    "another scheme": {"origin": "https://localhost:8000"},
    "a subdomain": {"origin": "http://a.localhost:8000"},
    "the other ceremony": {"client": {"type": "webauthn.other"}},
    "another relying party": {"rp": "evil.example"},
}


@pytest.mark.req("F2")
@pytest.mark.parametrize("lie", FOREIGN.values(), ids=FOREIGN)
def test_origin_relying_party_and_type_are_exact(user, key, passkey, lie):
    for name, value in lie.items():
        setattr(key, name, value)
    with pytest.raises(Refused):
        sign_in(key)
    with pytest.raises(Refused):
        register(user, SoftKey(**lie))


@pytest.mark.req("F5")
@pytest.mark.parametrize(
    "client",
    [{"crossOrigin": True}, {"crossOrigin": "false"}, {"crossOrigin": None}, {"topOrigin": "http://localhost:8000"}],
    ids=str,
)
def test_a_ceremony_inside_a_foreign_page_is_refused(user, key, passkey, client):
    key.client = client
    with pytest.raises(Refused):
        sign_in(key)
    with pytest.raises(Refused):
        register(user, SoftKey(client=client))


@pytest.mark.req("F4")
@pytest.mark.parametrize("count", [5, 3, 0])
def test_a_counter_that_does_not_go_up_is_refused_marked_and_mailed(user, key, passkey, count):
    Passkey.objects.update(sign_count=5)
    resident = next(iter(key.keys.values()))
    resident.count, key.counts = count, False
    with pytest.raises(Refused):
        sign_in(key)
    stored = Passkey.objects.get()
    assert stored.sign_count == 5
    assert stored.suspect_at
    assert kinds(user)[-1] == Event.Kind.PASSKEY_SUSPECT
    assert Delivery.objects.count() == 2


@pytest.mark.req("F4")
def test_an_authenticator_that_never_counts_is_fine(user):
    key = SoftKey(counts=False)
    register(user, key)
    assert [sign_in(key).sign_count for _ in range(3)] == [0, 0, 0]


@pytest.mark.req("F4")
def test_nobody_can_cast_suspicion_without_the_key(user, key, passkey):
    Passkey.objects.update(sign_count=9)
    with pytest.raises(Refused):
        sign_in(key, lambda answer: _put(answer, "signature", encode(b"none of it")))
    assert Passkey.objects.get().suspect_at is None


def _put(answer, name, value):
    answer["response"][name] = value
    return answer


@pytest.mark.req("F6")
def test_the_user_handle_is_the_owners(user, key, passkey, stranger):
    for handle in (encode(bytes(stranger.webauthn_handle)), "", None, encode(b"x" * 64)):
        with pytest.raises(Refused):
            sign_in(key, lambda answer, handle=handle: _put(answer, "userHandle", handle))


@pytest.mark.req("F6")
def test_a_swapped_credential_id_is_refused(user, key, passkey, stranger):
    other = SoftKey()
    register(stranger, other)
    theirs = encode(next(iter(other.keys)))
    for change in ({"id": theirs}, {"rawId": theirs}, {"id": theirs, "rawId": theirs}):
        with pytest.raises(Refused):
            sign_in(key, lambda answer, change=change: answer | change)


@pytest.mark.req("F6")
def test_a_registration_names_the_credential_that_it_holds(user, key):
    answer = key.create(passkeys.begin(user, SESSION))
    other = encode(b"y" * 32)
    with pytest.raises(Refused):
        passkeys.confirm(user, "x", json.dumps(answer | {"id": other, "rawId": other}), session_key=SESSION)


@pytest.mark.req("F7")
def test_options_are_the_same_whoever_asks(user, key, passkey):
    first, second = passkeys.begin_sign_in("one"), passkeys.begin_sign_in("two")
    assert first.pop("challenge") != second.pop("challenge")
    assert first == second
    assert first["allowCredentials"] == []


@pytest.mark.req("F7")
def test_an_owner_who_is_disabled_is_refused(user, key, passkey):
    User.objects.update(is_active=False)
    with pytest.raises(Refused):
        sign_in(key)


@pytest.mark.req("F1")
def test_an_answer_counts_once_and_a_failed_one_is_used_up(user, key, passkey):
    options = passkeys.begin_sign_in(SESSION)
    good = json.dumps(key.get(options))
    passkeys.sign_in(good, session_key=SESSION)
    with pytest.raises(Refused):
        passkeys.sign_in(good, session_key=SESSION)

    options = passkeys.begin_sign_in(SESSION)
    bad = key.get(options)
    with pytest.raises(Refused):
        passkeys.sign_in(json.dumps(_put(bad, "signature", encode(b"x"))), session_key=SESSION)
    with pytest.raises(Refused):
        passkeys.sign_in(json.dumps(key.get(options)), session_key=SESSION)


@pytest.mark.req("F1")
def test_an_answer_to_one_ceremony_is_none_to_another(user, key, passkey):
    confirmed = json.dumps(key.get(passkeys.begin_sudo(user, SESSION)))
    with pytest.raises(Refused):
        passkeys.sign_in(confirmed, session_key=SESSION)
    signed_in = json.dumps(key.get(passkeys.begin_sign_in(SESSION)))
    with pytest.raises(Refused):
        passkeys.confirm_sudo(user, signed_in, session_key=SESSION)


def test_somebody_confirms_by_their_own_passkey_only(user, key, passkey, stranger):
    options = passkeys.begin_sudo(user, SESSION)
    assert [decode(known["id"]) for known in options["allowCredentials"]] == list(key.keys)
    assert passkeys.confirm_sudo(user, json.dumps(key.get(options)), session_key=SESSION) == passkey
    theirs = passkeys.begin_sudo(stranger, SESSION)
    with pytest.raises(Refused):
        passkeys.confirm_sudo(stranger, json.dumps(key.get(theirs)), session_key=SESSION)


@pytest.mark.req("F11")
@pytest.mark.parametrize(
    "raw",
    ["", "null", "[]", "7", '"x"', "{}", '{"response": 7}', '{"response": {}}', "[" * 9000, "\ud800", "x" * 70_000],
    ids=lambda raw: raw[:12],
)
def test_what_is_no_answer_at_all_is_refused(raw):
    with pytest.raises(Refused):
        responses.read(raw)
