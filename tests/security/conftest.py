"""The browsers of tests/accounts, and an authenticator."""

from ipaddress import ip_network
from typing import Any

import pytest

from accounts import identities
from accounts.identities import Identity
from accounts.models import User
from security.models import Passkey
from tests.accounts.conftest import admin, admin_browser, browser, mailed_link, new_browser, outbox, signed_in
from tests.peers.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.security.ceremonies import register
from tests.security.softkey import SoftKey

__all__ = ["admin", "admin_browser", "browser", "mailed_link", "new_browser", "outbox", "signed_in"]


@pytest.fixture
def key() -> SoftKey:
    return SoftKey()


@pytest.fixture
def passkey(user: User, key: SoftKey) -> Passkey:
    """A passkey of `user`, in `key`."""
    return register(user, key)


@pytest.fixture
def stranger(group) -> User:
    return User.objects.create_user("eve", "eve@example.com", "correct horse battery", group=group)


@pytest.fixture
def idp(settings):
    """A provider that is set up as `acme`, and as GitHub."""
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8")]
    with IdentityProvider() as started:
        known = {"url": started.url, "client_id": CLIENT, "client_secret": SECRET}
        settings.PROVIDERS = [
            {"id": "github", "name": "GitHub", **known},
            {"id": "acme", "name": "Acme Login", **known},
        ]
        yield started


@pytest.fixture
def rule(settings, idp):
    """Set rules of the operator for `acme`."""

    def set_rules(**rules: Any) -> None:
        settings.PROVIDERS = [listed | (rules if listed["id"] == "acme" else {}) for listed in settings.PROVIDERS]

    return set_rules


@pytest.fixture
def bound(user: User, idp: IdentityProvider) -> User:
    """`user`, bound to the person at the provider."""
    identities.keep(user, Identity("acme", idp.person["sub"], "ann", idp.url))
    return user


@pytest.fixture
def social(bound: User) -> User:
    """The same without a password."""
    bound.set_unusable_password()
    bound.save()
    return bound
