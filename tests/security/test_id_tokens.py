"""ID tokens that prove nothing: each is refused with words, and nothing changes."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.peers.identity_provider import EC, RSA, IdentityProvider, sign
from tests.security.visits import come_back, is_signed_in, leave, sign_in

pytestmark = pytest.mark.django_db
Twist = Callable[[IdentityProvider, dict[str, Any]], str]
FOREIGN = rsa.generate_private_key(65537, 2048)


def said(**claims: Any) -> Twist:
    """Sign other claims; None leaves one out."""

    def twisted(idp: IdentityProvider, honest: dict[str, Any]) -> str:
        return sign(idp, {name: value for name, value in (honest | claims).items() if value is not None})

    return twisted


def moved(**seconds: int) -> Twist:
    """Sign other times, counted from now."""
    now = int(time.time())
    return said(**{name: now + by for name, by in seconds.items()})


def headed(key: Any = RSA, algorithm: str = "RS256", **header: str) -> Twist:
    """Sign with another key or header."""
    return lambda _idp, honest: jwt.encode(honest, key, algorithm, headers={"kid": "rsa", **header})


def unsigned(_idp: IdentityProvider, honest: dict[str, Any]) -> str:
    return jwt.encode(honest, "", "none", headers={"kid": "rsa"})


def by_public_key(_idp: IdentityProvider, honest: dict[str, Any]) -> str:
    """HS256 with the public key as its secret, made by hand: libraries refuse to."""
    secret = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "rsa"}, honest]
    text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    proof = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(proof).rstrip(b'=').decode()}"


def cut(idp: IdentityProvider, honest: dict[str, Any]) -> str:
    return sign(idp, honest)[:-8] + "AAAAAAAA"


BAD: dict[str, Twist] = {
    "signature": cut,
    "foreign key": headed(FOREIGN),
    "alg none": unsigned,
    "HS256 with the public key": by_public_key,
    "RS512": headed(algorithm="RS512"),
    "kid": headed(kid="another"),
    "kid of the other key": headed(kid="ec"),
    "iss": said(iss="https://evil.example"),
    "iss with a slash": lambda idp, honest: said(iss=idp.url + "/")(idp, honest),
    "no iss": said(iss=None),
    "aud": said(aud="another client"),
    "aud list without us": said(aud=["a", "b"]),
    "two audiences, no azp": said(aud=["tollgate", "another"]),
    "azp": said(azp="another client"),
    "no aud": said(aud=None),
    "nonce": said(nonce="another"),
    "no nonce": said(nonce=None),
    "nonce as number": said(nonce=7),
    "expired": moved(exp=-120),
    "no exp": said(exp=None),
    "exp as text": said(exp="tomorrow"),
    "iat future": moved(iat=600),
    "nbf future": moved(nbf=600),
    "no sub": said(sub=None),
    "sub empty": said(sub=""),
    "sub as list": said(sub=["u-1"]),
    "sub of another": said(sub="u-2"),
    "sub too long": said(sub="u" * 192),
    "sub with a zero": said(sub="u\x00"),
    "no token": lambda _idp, _honest: "",
    "junk": lambda _idp, _honest: "a.b.c",
    "number": lambda _idp, _honest: 7,  # type: ignore[dict-item,return-value]
}


@pytest.mark.req("G4")
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_refused(bound, browser, idp, bad):
    idp.twist = BAD[bad]
    answer = sign_in(browser, idp)
    assert answer.status_code == 400
    assert "does not prove who you are" in answer.content.decode()
    assert is_signed_in(browser) is None


@pytest.mark.parametrize(
    "good", [sign, headed(EC, "ES256", kid="ec"), said(aud=["tollgate"]), said(aud=["tollgate", "b"], azp="tollgate")]
)
def test_a_good_one_is_not(bound, browser, idp, good):
    idp.twist = good
    assert sign_in(browser, idp).status_code == 302
    assert is_signed_in(browser) == bound


@pytest.mark.req("G4")
@pytest.mark.parametrize("userinfo", [{"sub": "u-2"}, {"sub": None}, {"sub": 1}, {"sub": ["u-1"]}])
def test_what_the_provider_tells_of_another_person_is_refused(bound, browser, idp, userinfo):
    idp.userinfo = userinfo
    assert sign_in(browser, idp).status_code == 400
    assert is_signed_in(browser) is None


@pytest.mark.req("G4")
def test_a_bad_token_binds_nothing(user, signed_in, idp):
    idp.twist = cut
    url = leave(signed_in, "/accounts/providers/acme/bind/")
    assert come_back(signed_in, url, idp).status_code == 400
    assert not SocialAccount.objects.exists()
