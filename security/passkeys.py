"""Passkeys: register, sign in, confirm, rename, remove (WebAuthn Level 3).

Every ceremony has two steps: options for the browser, then its answer. User verification is demanded in both, so a
passkey stands for both factors.
"""

from typing import Any

import webauthn
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User
from security import challenges, events, relying_party, responses, sessions, ways
from security.challenges import Ceremony
from security.models import Event, Passkey
from security.responses import Refused

MOST = 10  # of one account
LONGEST_NAME = 64
RP_NAME = "Tollgate"
VERIFIED = UserVerificationRequirement.REQUIRED


class InvalidName(Exception):
    """A name has 1 to 64 characters."""


class TooManyPasskeys(Exception):
    """An account has at most 10."""


class LastWayIn(Exception):
    """Without this passkey nobody could get into the account."""


def usable(user: User) -> bool:
    """Return whether an account has a passkey, and passkeys are on."""
    return Passkey.objects.filter(user=user).exists() and relying_party.enabled_for(user)


def begin(user: User, session_key: str) -> dict[str, Any]:
    """Return the options for a browser to make a passkey. Raises Off, TooManyPasskeys."""
    relying_party.require(user)
    held = Passkey.objects.filter(user=user)
    if held.count() >= MOST:
        raise TooManyPasskeys
    options = webauthn.generate_registration_options(
        rp_id=relying_party.rp_id(),
        rp_name=RP_NAME,
        user_id=bytes(user.webauthn_handle),
        user_name=user.username,
        challenge=challenges.issue(session_key, Ceremony.REGISTER, user),
        exclude_credentials=[_descriptor(passkey) for passkey in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, require_resident_key=True, user_verification=VERIFIED
        ),
    )
    return options_to_json_dict(options)


def confirm(user: User, name: str, raw: str, *, session_key: str) -> Passkey:
    """Keep a new passkey and end the account's other sessions.

    Raises Off, InvalidName, Refused, TooManyPasskeys.
    """
    relying_party.require(user)
    name = checked_name(name)
    answer = _claimed(raw, session_key, Ceremony.REGISTER, user)
    made = responses.registered(answer)
    with transaction.atomic():
        if User.objects.select_for_update().filter(pk=user.pk).first() is None:
            raise Refused
        if Passkey.objects.filter(user=user).count() >= MOST:
            raise TooManyPasskeys
        passkey, new = Passkey.objects.get_or_create(
            credential_id=made.credential_id,
            defaults={
                "user": user,
                "name": name,
                "public_key": made.credential_public_key,
                "sign_count": made.sign_count,
                "transports": answer.transports,
                "backed_up": made.credential_backed_up,
            },
        )
        if not new:
            raise Refused
        _changed(user, Event.Kind.PASSKEY_ADDED, name, session_key)
    return passkey


def begin_sign_in(session_key: str) -> dict[str, Any]:
    """Return the options for whoever signs in: the same for everybody, since nobody is named. Raises Off."""
    relying_party.require()
    return _request(challenges.issue(session_key, Ceremony.SIGN_IN), [])


def sign_in(raw: str, *, session_key: str) -> Passkey:
    """Return the passkey that answered; its `user` is who signs in. Raises Off, Refused."""
    relying_party.require()
    answer = _claimed(raw, session_key, Ceremony.SIGN_IN, None)
    if answer.user_handle is None:
        raise Refused
    passkey = _used(answer, Passkey.objects.filter(user__is_active=True))
    if not relying_party.enabled_for(passkey.user):
        raise Refused
    return passkey


def begin_sudo(user: User, session_key: str) -> dict[str, Any]:
    """Return the options for somebody signed in to confirm who they are. Raises Off."""
    relying_party.require(user)
    challenge = challenges.issue(session_key, Ceremony.SUDO, user)
    return _request(challenge, [_descriptor(passkey) for passkey in Passkey.objects.filter(user=user)])


def confirm_sudo(user: User, raw: str, *, session_key: str) -> Passkey:
    """Return the passkey by which `user` has confirmed who they are. Raises Off, Refused."""
    relying_party.require(user)
    answer = _claimed(raw, session_key, Ceremony.SUDO, user)
    return _used(answer, Passkey.objects.filter(user=user, user__is_active=True))


def rename(passkey: Passkey, name: str) -> None:
    """Call a passkey otherwise. Raises InvalidName."""
    Passkey.objects.filter(pk=passkey.pk).update(name=checked_name(name))


@transaction.atomic
def remove(passkey: Passkey, *, session_key: str | None) -> None:
    """Forget a passkey and end the account's other sessions; one that is gone already is fine. Raises LastWayIn."""
    if not Passkey.objects.filter(pk=passkey.pk).delete()[0]:
        return
    if not ways.count(passkey.user):  # locks the account: of two removals at once, the second sees the first
        raise LastWayIn
    _changed(passkey.user, Event.Kind.PASSKEY_REMOVED, passkey.name, session_key)


def checked_name(name: str) -> str:
    """Return a name without space around it. Raises InvalidName."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidName
    return name


def _claimed(raw: str, session_key: str, ceremony: str, user: User | None) -> responses.Answer:
    """Return an answer whose challenge is used up, whatever comes of it."""
    answer = responses.read(raw)
    try:
        challenges.claim(answer.challenge, session_key, ceremony, user)
    except challenges.Stale as error:
        raise Refused from error
    return answer


def _used(answer: responses.Answer, among: QuerySet[Passkey]) -> Passkey:
    """Return which of these passkeys gave an answer, and count that it did."""
    passkey = among.select_related("user").filter(credential_id=answer.credential_id).first()
    if passkey is None:
        raise Refused
    if answer.user_handle not in {None, bytes(passkey.user.webauthn_handle)}:
        raise Refused
    said = responses.asserted(answer, bytes(passkey.public_key))
    count, now = said.new_sign_count, timezone.now()
    # most synced passkeys do not count: theirs stays 0
    counted = Q(sign_count__lt=count) if count else Q(sign_count=0)
    rows = Passkey.objects.filter(counted, pk=passkey.pk)
    if not rows.update(sign_count=count, backed_up=said.credential_backed_up, last_used_at=now):
        _suspect(passkey)
        raise Refused
    return passkey


def _suspect(passkey: Passkey) -> None:
    """Mark a passkey whose counter did not go up: someone may have a copy of it (WebAuthn Level 3, 6.1.1)."""
    with transaction.atomic():
        Passkey.objects.filter(pk=passkey.pk).update(suspect_at=timezone.now())
        events.record(passkey.user, Event.Kind.PASSKEY_SUSPECT, detail=passkey.name)


def _changed(user: User, kind: str, name: str, session_key: str | None) -> None:
    sessions.end_sessions(user, session_key)
    events.record(user, kind, detail=name)


def _request(challenge: bytes, allowed: list[PublicKeyCredentialDescriptor]) -> dict[str, Any]:
    options = webauthn.generate_authentication_options(
        rp_id=relying_party.rp_id(), challenge=challenge, allow_credentials=allowed, user_verification=VERIFIED
    )
    return options_to_json_dict(options)


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in passkey.transports]
    return PublicKeyCredentialDescriptor(id=bytes(passkey.credential_id), transports=transports or None)
