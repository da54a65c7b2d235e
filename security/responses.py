"""What authenticators answer, read with suspicion and verified (WebAuthn Level 3, 7.1 and 7.2).

The library leaves to us: the single use of a challenge, credential ids, user handles, cross-origin use and counters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import AuthenticatorTransport
from webauthn.registration.verify_registration_response import VerifiedRegistration

from common import strictjson
from security import relying_party

LONGEST = 65_536  # characters of a whole answer; real ones have a few thousand
LONGEST_ID = 1023  # bytes (WebAuthn Level 3, 4: credential id)
LONGEST_KEY = 2048  # bytes; an RSA key of 4096 bits has about 530
TRANSPORTS = {transport.value for transport in AuthenticatorTransport}


class Refused(Exception):
    """The answer does not count: it is not one of an authenticator to this site and this challenge."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `credential.toJSON()` gave in a browser; nothing of it is verified yet.

    The challenge that it names is verified by claiming it: see security.challenges.
    """

    credential: dict[str, Any]
    credential_id: bytes
    challenge: bytes
    user_handle: bytes | None
    transports: list[str]


def read(raw: str) -> Answer:
    """Return the parts of an answer. Raises Refused, also for one given inside a page of another site."""
    if len(raw) > LONGEST:
        raise Refused
    try:
        credential = strictjson.parse(raw.encode())
        response = credential["response"]
        client = strictjson.parse(base64url_to_bytes(response["clientDataJSON"]))
        handle, transports = response.get("userHandle"), response.get("transports") or []
        answer = Answer(
            credential,
            base64url_to_bytes(credential["rawId"]),
            base64url_to_bytes(client["challenge"]),
            base64url_to_bytes(handle) if handle is not None else None,
            sorted(TRANSPORTS.intersection(transports)),
        )
    except Exception as error:  # whatever a stranger's bytes can break in a parser
        raise Refused from error
    if _foreign(client) or not 0 < len(answer.credential_id) <= LONGEST_ID:
        raise Refused
    return answer


def registered(answer: Answer) -> VerifiedRegistration:
    """Return what a new credential is. Raises Refused."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party.rp_id(),
            expected_origin=[relying_party.origin()],
            require_user_verification=True,
        )
    except Exception as error:  # the library lets ValueError, KeyError and others of its parsers through
        raise Refused from error
    if made.credential_id != answer.credential_id or len(made.credential_public_key) > LONGEST_KEY:
        raise Refused
    return made


def asserted(answer: Answer, public_key: bytes) -> VerifiedAuthentication:
    """Return what an authenticator says of a sign-in; its counter is the caller's to compare. Raises Refused."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party.rp_id(),
            expected_origin=[relying_party.origin()],
            credential_public_key=public_key,
            # the library would look at the counter before the signature: anybody could cast suspicion on a passkey
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise Refused from error


def _foreign(client: Mapping[str, object]) -> bool:
    """Return whether the ceremony ran inside a page of another site."""
    return client.get("crossOrigin", False) is not False or "topOrigin" in client
