"""Sign in with OpenID Connect: the authorization code flow with PKCE and nonce (OpenID Connect Core 3.1, RFC 9700).

What the issuer publishes is read anew for each visit, and nothing of a visit is kept but subject and name.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import jwt
from django.utils.crypto import constant_time_compare

from accounts import claims
from accounts.identities import LONGEST_SUBJECT, Identity
from accounts.providers import Provider
from common import outbound
from security.exchange import Exchange, ProviderDown, Refused, as_object, text
from security.flows import Secrets

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}  # and the type of key that each one takes
LEEWAY = 30  # seconds that the provider's clock may differ
FRESH = 300  # seconds since the person last gave a proof to the provider, for a confirmation here
SCOPE = "openid profile email"
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the issuer says of itself (OpenID Connect Discovery 4)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    posts_secret: bool  # it takes the client's secret in the form only, not as HTTP Basic
    names_itself: bool  # when it sends people back (RFC 9207)


def leave(provider: Provider, carried: Secrets, *, login: bool = False) -> str:
    """Return where to send a browser; with `login` the person must prove there who they are. Raises ProviderDown."""
    metadata = _discover(provider, Exchange())
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.callback,
        "scope": SCOPE,
        "state": carried.state,
        "nonce": carried.nonce,
        "code_challenge": carried.code_challenge,
        "code_challenge_method": "S256",
    }
    if login:
        query |= {"prompt": "login", "max_age": "0"}
    parts = urlsplit(metadata.authorization_endpoint)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(query)]))))


def identify(provider: Provider, carried: Secrets, answer: Mapping[str, str], *, login: bool = False) -> Identity:
    """Return who came back. With `login`, only if they proved that to the provider a moment ago.

    Raises Refused, ProviderDown.
    """
    exchange = Exchange()
    metadata = _discover(provider, exchange)
    named = answer.get("iss")
    if named != provider.url and (named is not None or metadata.names_itself):
        raise Refused
    tokens = _redeem(provider, metadata, exchange, {"code": text(answer.get("code")), "verifier": carried.verifier})
    token = _verified(provider, text(tokens.get("id_token")), exchange.get(metadata.jwks_uri), carried.nonce)
    if login:
        _check_fresh(token)
    info: dict[str, Any] = {}
    if metadata.userinfo_endpoint:
        info = as_object(exchange.get(metadata.userinfo_endpoint, bearer=text(tokens.get("access_token"))))
        if info.get("sub") != token["sub"]:
            raise Refused
    return _identity(provider, token, info)


def _discover(provider: Provider, exchange: Exchange) -> Metadata:
    found = as_object(exchange.get(f"{provider.url.rstrip('/')}/.well-known/openid-configuration"))
    if found.get("issuer") != provider.url:
        raise ProviderDown
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        authorization_endpoint=_endpoint(provider, found.get("authorization_endpoint")),
        token_endpoint=_endpoint(provider, found.get("token_endpoint")),
        jwks_uri=_endpoint(provider, found.get("jwks_uri")),
        userinfo_endpoint=_endpoint(provider, found["userinfo_endpoint"]) if "userinfo_endpoint" in found else "",
        posts_secret=isinstance(methods, list) and "client_secret_basic" not in methods,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(provider: Provider, url: Any) -> str:
    """Return an address that an issuer names; one of https names none in clear."""
    try:
        checked = outbound.check_url(text(url))
    except (outbound.UrlRefused, Refused) as error:
        raise ProviderDown from error
    if provider.url.startswith("https:") and not checked.startswith("https:"):
        raise ProviderDown
    return checked


def _redeem(provider: Provider, metadata: Metadata, exchange: Exchange, proof: Mapping[str, str]) -> dict[str, Any]:
    """Return the tokens that a code stands for."""
    form = {
        "grant_type": "authorization_code",
        "code": proof["code"],
        "redirect_uri": provider.callback,
        "code_verifier": proof["verifier"],
        "client_id": provider.client_id,
    }
    if metadata.posts_secret:
        return exchange.post(metadata.token_endpoint, form | {"client_secret": provider.client_secret}, headers={})
    pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"  # RFC 6749 2.3.1
    basic = base64.b64encode(pair.encode()).decode()
    return exchange.post(metadata.token_endpoint, form, headers={"Authorization": f"Basic {basic}"})


def _verified(provider: Provider, token: str, keys: Any, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token (OpenID Connect Core 3.1.3.7). Raises Refused."""
    try:
        header = jwt.get_unverified_header(token)
        said: dict[str, Any] = jwt.decode(
            token,
            key=_key(header, keys),
            algorithms=list(ALGORITHMS),
            audience=provider.client_id,
            issuer=provider.url,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
    except (Refused, ProviderDown):
        raise
    except Exception as error:  # whatever a stranger's token can break in a parser
        raise Refused from error
    audience = said["aud"]
    if said.get("azp", provider.client_id) != provider.client_id or (
        isinstance(audience, list) and len(audience) > 1 and "azp" not in said
    ):
        raise Refused
    if not constant_time_compare(text(said["nonce"]), nonce):
        raise Refused
    if len(text(said["sub"])) > LONGEST_SUBJECT:
        raise Refused
    return said


def _key(header: Mapping[str, Any], keys: Any) -> jwt.PyJWK:
    """Return the provider's key that a token names; without a name, the only one of its kind."""
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Refused
    listed = as_object(keys).get("keys")
    if not isinstance(listed, list):
        raise ProviderDown
    fitting = [
        key
        for key in listed
        if isinstance(key, dict)
        and key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise Refused
    return jwt.PyJWK(fitting[0], algorithm)


def _check_fresh(token: Mapping[str, Any]) -> None:
    at = token.get("auth_time")
    if type(at) is not int or not -LEEWAY <= time.time() - at <= FRESH:
        raise Refused


def _identity(provider: Provider, token: Mapping[str, Any], info: Mapping[str, Any]) -> Identity:
    """Return who an ID token is about, with what the userinfo endpoint tells besides."""
    said = {**token, **info}
    names = [said.get(claim) for claim in ("preferred_username", "name", "email")]
    name = next((name for name in names if isinstance(name, str) and name and name.isprintable()), token["sub"])
    mailbox = info if "email" in info else token  # that an address is verified is said where the address is
    email = mailbox.get("email")
    return Identity(
        provider.id,
        token["sub"],
        name,
        provider.url,
        email if isinstance(email, str) and email.isprintable() else "",
        verified=mailbox.get("email_verified") is True,
        groups=claims.groups(provider, said),
        staff=claims.staff(provider, said),
        proven=claims.proven(provider, token),
    )
