"""Sign in with GitHub, or a GitHub Enterprise Server: OAuth with PKCE; the account's number is who somebody is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from accounts.identities import Identity
from accounts.providers import Provider
from security.exchange import Exchange, Refused, as_object, text
from security.flows import Secrets

PUBLIC = "https://github.com"
SCOPE = "user:email"


def leave(provider: Provider, carried: Secrets) -> str:
    """Return where to send a browser."""
    query = {
        "client_id": provider.client_id,
        "redirect_uri": provider.callback,
        "scope": SCOPE,
        "state": carried.state,
        "code_challenge": carried.code_challenge,
        "code_challenge_method": "S256",
    }
    return f"{provider.url}/login/oauth/authorize?{urlencode(query)}"


def identify(provider: Provider, carried: Secrets, answer: Mapping[str, str]) -> Identity:
    """Return who came back. Raises Refused, ProviderDown."""
    exchange = Exchange()
    form = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "code": text(answer.get("code")),
        "redirect_uri": provider.callback,
        "code_verifier": carried.verifier,
    }
    tokens = exchange.post(f"{provider.url}/login/oauth/access_token", form, headers={})
    if "error" in tokens:  # GitHub says so with status 200
        raise Refused
    bearer, api = text(tokens.get("access_token")), _api(provider)
    person = as_object(exchange.get(f"{api}/user", bearer=bearer))
    number = person.get("id")
    if type(number) is not int or number <= 0:
        raise Refused
    email = _email(exchange.get(f"{api}/user/emails", bearer=bearer))
    return Identity(provider.id, str(number), text(person.get("login")), provider.url, email, verified=bool(email))


def _api(provider: Provider) -> str:
    return "https://api.github.com" if provider.url == PUBLIC else f"{provider.url}/api/v3"


def _email(listed: Any) -> str:
    """Return the address that the person has verified and uses, if there is one."""
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("primary") is True and entry.get("verified") is True:
            email = entry.get("email")
            return email if isinstance(email, str) and email.isprintable() else ""
    return ""
