"""Visits to an identity provider, step by step as a browser makes them."""

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from accounts.models import User
from tests.peers.identity_provider import IdentityProvider

REFRESH = re.compile(r'<meta http-equiv="refresh" content="0;url=([^"]+)">')
PROFILE = "/settings/profile/"


def leave(browser: Client, path: str, **form: str) -> str:
    """Press a button that leads to a provider; return the address that the browser is sent on to."""
    page = browser.post(path, form)
    assert page.status_code == 200, page
    found = REFRESH.search(page.content.decode())
    assert found
    return html.unescape(found[1])


def come_back(browser: Client, url: str, idp: IdentityProvider, **more: str) -> Any:
    """Be sent back from the provider."""
    code, state = idp.authorize(url)
    path = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).path
    return browser.get(path, {"code": code, "state": state, **more})


def sign_in(browser: Client, idp: IdentityProvider, provider: str = "acme", **form: str) -> Any:
    return come_back(browser, leave(browser, f"/accounts/providers/{provider}/sign-in/", **form), idp)


def bind(browser: Client, idp: IdentityProvider, provider: str = "acme") -> Any:
    return come_back(browser, leave(browser, f"/accounts/providers/{provider}/bind/"), idp)


def sign_up(browser: Client, username: str = "ann", email: str = "ann@example.com") -> Any:
    return browser.post("/accounts/providers/sign-up/", {"username": username, "email": email})


def is_signed_in(browser: Client) -> User | None:
    """Return who is signed in."""
    pk = browser.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def confirm(browser: Client, idp: IdentityProvider, back: str = PROFILE) -> Any:
    """Confirm who is there by signing in at the provider anew."""
    page = f"/accounts/reauthenticate/provider/?next={back}"
    return come_back(browser, leave(browser, page, provider="acme", next=back), idp)
