"""Everything that matters, asked for by accounts of each kind without a fresh proof: refused, and nothing changes.

That the URL map holds no other such route is shown in tests/proofs/test_forms.py.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from accounts import identities
from accounts.identities import Identity
from accounts.models import Job, User
from gateway.models import ApiKey, Channel, ChannelKey
from pricing.models import PricingSettings
from security import sudo, tokens
from security.models import AccessToken, Flow, Passkey, RecoveryCode, TOTPDevice
from tests.accounts.conftest import PASSWORD, Browser
from tests.peers.identity_provider import IdentityProvider
from tests.second_factor import enroll, fresh_code
from tests.security.ceremonies import register
from tests.security.ranks import of_rank
from tests.security.softkey import SoftKey

NEW = "another good passphrase"
SECURITY = "/settings/security/"
LATE = 601  # seconds: the window is ten minutes
TABLES = (
    *(User, EmailAddress, SocialAccount, Job, PricingSettings, TOTPDevice, RecoveryCode, Passkey, AccessToken, Flow),
    *(ApiKey, Channel, ChannelKey),
)
IGNORED = {"last_login"}


@dataclass
class Person:
    """An account and its browser."""

    user: User
    browser: Browser


def state() -> dict[str, list[Any]]:
    """Return every row of what could have changed."""
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in IGNORED}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in TABLES
    }


def prove(browser: Client, *, ago: float) -> None:
    """Let the proof of who is there be so many seconds old."""
    session = browser.session
    owner = int(session["_auth_user_id"])
    how = "code" if TOTPDevice.objects.filter(user=owner).exists() else "password"
    session[sudo.KEY] = {"user": owner, "at": time.time() - ago, "method": how}
    session.save()


def kind(name: str) -> Callable[[User, IdentityProvider], None]:
    """Return how an account of this kind comes to be."""

    def social(user: User, idp: IdentityProvider) -> None:
        identities.keep(user, Identity("acme", "u-1", "ann", idp.url))
        User.objects.filter(pk=user.pk).update(password="!")

    def by_passkey(user: User, _: IdentityProvider) -> None:
        register(user, SoftKey())
        User.objects.filter(pk=user.pk).update(password="!")

    made: dict[str, Callable[[User, IdentityProvider], Any]] = {
        "password": lambda _user, _idp: None,
        "password and code": lambda user, _: enroll(user),
        "passkey alone": by_passkey,
        "provider alone": social,
    }
    return made[name]


KINDS = ("password", "password and code", "passkey alone", "provider alone")


@pytest.fixture
def person(user, idp, request) -> Person:
    """An account of the kind that a test names, with one of everything that can be taken away."""
    kind(request.param)(user, idp)
    tokens.make(user, name="build", scopes=["read"])
    identities.keep(user, Identity("github", "g-1", "ann", idp.url))
    Passkey.objects.create(user=user, name="Old", credential_id=b"old", public_key=b"x")
    browser = Browser()
    browser.force_login(User.objects.get(pk=user.pk))
    return Person(User.objects.get(pk=user.pk), browser)


def _own(model: Any, user: User) -> int:
    return int(model.objects.filter(user=user).latest("pk").pk)


ACTIONS: dict[str, Callable[[User], tuple[str, dict[str, str]]]] = {
    "password": lambda _: (
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    ),
    "first password": lambda _: ("/accounts/password/set/", {"password1": NEW, "password2": NEW}),
    "address": lambda _: ("/accounts/email/", {"action_add": "", "email": "new@example.com"}),
    "second factor on": lambda _: (f"{SECURITY}two-factor/", {"begin": "1"}),
    "second factor off": lambda user: (
        f"{SECURITY}two-factor/off/",
        {"password": PASSWORD, "code": fresh_code(user) if TOTPDevice.objects.filter(user=user) else "123456"},
    ),
    "recovery codes": lambda _: (f"{SECURITY}two-factor/codes/", {}),
    "passkey": lambda _: (f"{SECURITY}passkeys/new/options/", {}),
    "passkey, answered": lambda _: (f"{SECURITY}passkeys/new/confirm/", {"name": "x", "credential": "{}"}),
    "passkey removed": lambda user: (f"{SECURITY}passkeys/{_own(Passkey, user)}/remove/", {}),
    "bind": lambda _: ("/accounts/providers/acme/bind/", {}),
    "unbind": lambda user: (f"/accounts/providers/{SocialAccount.objects.get(provider='github').pk}/unbind/", {}),
    "token": lambda _: (f"{SECURITY}tokens/new/", {"name": "ci", "scopes": "read", "expires_at": "90"}),
    "token replaced": lambda user: (f"{SECURITY}tokens/{_own(AccessToken, user)}/replace/", {}),
    "export": lambda _: ("/settings/delete/export/new/", {}),
    "delete": lambda user: ("/settings/delete/", {"username": user.username}),
    "calls without a price": lambda _: ("/settings/pricing/", {"accept_unpriced": "on"}),
}


def asks(answer: Any) -> bool:
    """Return whether an answer sends on to a proof, or refuses."""
    place = answer.headers.get("HX-Redirect", answer.headers.get("Location", "")).partition("?")[0]
    return answer.status_code == 403 or place.startswith("/accounts/reauthenticate/") or place == reverse("admin:login")


@pytest.mark.req("C1")
@pytest.mark.parametrize("person", KINDS, indirect=True)
@pytest.mark.parametrize("htmx", [False, True])
def test_without_a_fresh_proof_nothing_that_matters_is_done(person, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    for ago in (LATE, 10**9):
        for name, action in ACTIONS.items():
            path, form = action(person.user)
            prove(person.browser, ago=ago)
            before = state()
            assert asks(person.browser.post(path, form, headers=headers)), name
            assert state() == before, name
            assert person.browser.get("/settings/profile/").status_code == 200, "it is refused, not signed out"


@pytest.mark.req("C1")
@pytest.mark.parametrize("person", ["password", "password and code"], indirect=True)
@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_with_a_fresh_proof_the_very_same_is_done(person, name):
    path, form = ACTIONS[name](person.user)
    prove(person.browser, ago=LATE - 30)
    answer = person.browser.post(path, form)
    assert not asks(answer), name
    assert answer.status_code < 500


@pytest.mark.req("C1")
def test_a_download_of_an_export_is_asked_for_too(user, signed_in):
    job = Job.objects.create(user=user, kind="console.export.run", state=Job.State.DONE, result="x.zip")
    prove(signed_in, ago=LATE)
    assert asks(signed_in.get(f"/settings/delete/export/{job.pk}/"))


WRITES: dict[str, dict[str, str]] = {
    "gateway_channel": {"name": "x", "kind": "openai", "base_url": "https://example.com"},
    "accounts_user": {"username": "made", "email": "made@example.com"},
    "accounts_group": {"name": "gold"},
    "pricing_price": {"model": "x", "state": "free"},
}


@pytest.mark.req("C1", "I17")
@pytest.mark.parametrize("model", sorted(WRITES))
def test_an_administrator_writes_nothing_without_a_fresh_proof(group, model):
    boss = of_rank("administrator", "root", group)
    browser = Browser()
    browser.sign_in("root")
    browser.confirm(boss)
    add = reverse(f"admin:{model}_add")
    assert browser.get(add).status_code == 200, "there is such a page, for who has just signed in"
    prove(browser, ago=LATE)
    before = state()
    for path in (add, reverse(f"admin:{model}_changelist")):
        assert asks(browser.get(path))
        assert asks(browser.post(path, WRITES[model]))
    assert state() == before
