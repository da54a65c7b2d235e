"""Every route by every method for each of seven identities: what a credential opens, and nothing else."""

import json
from dataclasses import dataclass

import pytest
from django.test import Client

from accounts import limits
from accounts.models import User
from config.api import api as assembled
from config.api_docs import Document
from gateway import keys
from gateway.models import ApiKey
from notifications import trial
from notifications.models import Method
from notifications.transports.bark import BarkTarget
from notifications.transports.base import Target
from notifications.transports.gotify import GotifyTarget
from notifications.transports.webhook import WebhookTarget
from security import tokens
from security.models import AccessToken
from tests.api.conftest import error
from tests.api.routes import pages
from tests.booked import called
from wallet import ledger

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
NUMBER = 424_242  # of the key and the token that every route with a number is asked for
CALLS = {
    (method.upper(), path): {scope for needed in operation["security"] for scope in needed["AccessToken"]}
    for path, methods in Document(assembled)["paths"].items()
    for method, operation in methods.items()
}
BODIES = {"POST": {"name": "new"}, "PATCH": {"enabled": True}, "PUT": {"enabled": False}}
# where another is sent
BODIES_OF: dict[str, object] = {
    "/api/settings/privacy": {"record_ip": False},
    "/api/settings/sidebar": {"hidden": []},
    "/api/settings/pricing": {"accepted_models": []},
    "/api/settings/notifications": {"threshold_usd": "2"},
}


@dataclass(slots=True)
class Identity:
    """Somebody who asks: a browser with or without a session, or a program with a credential."""

    client: Client
    secret: str = ""
    scopes: tuple[str, ...] = ()
    owner: bool = True

    def ask(self, method: str, path: str, body: bytes = b""):
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        return self.client.generic(method, path, body, "application/json", headers=headers)


def fresh(user: User) -> None:
    """Give the user a key and a token of the number that is asked for, whatever became of the last ones."""
    user.api_keys.all().delete()
    AccessToken.objects.filter(pk=NUMBER).delete()
    keys.mint(user, "laptop")
    user.api_keys.update(id=NUMBER)
    tokens.make(user, name="target", scopes=["read"])
    user.access_tokens.filter(name="target").update(id=NUMBER)
    limits.forgive(trial.RULE, limits.account(user.pk))


def reachable(*users: User) -> None:
    """Give accounts methods that a test can be queued for; nothing is sent here."""
    made: dict[str, Target] = {
        "webhook": WebhookTarget("https://192.0.2.1/"),
        "bark": BarkTarget("https://192.0.2.1/{{title}}"),
        "gotify": GotifyTarget("https://192.0.2.1", "token"),
    }
    for user in users:
        for kind, target in made.items():
            Method.objects.create(user=user, kind=kind, target=target.dump())


@pytest.fixture
def identities(group, user, other) -> dict[str, Identity]:
    """The seven; the user is of the staff, so that a token that opened the administration would be seen."""
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    ledger.open_wallet(user.pk)
    reachable(user, other)
    browser = Client(raise_request_exception=False)
    browser.force_login(user)

    def program(scope: str, of: User = user) -> Identity:
        secret = tokens.make(of, name=scope, scopes=[scope] if of == user else ["read", "write", "keys"])[1]
        scopes = (scope,) if of == user else ("read", "write", "keys")
        return Identity(Client(raise_request_exception=False), secret, scopes, owner=of == user)

    return {
        "stranger": Identity(Client(raise_request_exception=False)),
        "session": Identity(browser),
        "token read": program("read"),
        "token write": program("write"),
        "token keys": program("keys"),
        "other's token": program("all", other),
        "API key": Identity(Client(raise_request_exception=False), keys.mint(other, "desk")[1]),
    }


def opens(identity: Identity, method: str, path: str) -> bool:
    """Return whether a call of /api is to succeed."""
    needed = CALLS.get((method, path), set())
    return bool(needed & set(identity.scopes)) and (identity.owner or "{" not in path)


@pytest.mark.req("C5", "H7", "I16")
def test_api_opens_to_the_scopes_that_each_call_names(user, identities, capsys):
    wrong, cells = [], 0
    for path in sorted({path for _, path in CALLS}):
        for method in METHODS:
            for name, identity in identities.items():
                fresh(user)
                body = json.dumps(BODIES_OF.get(path, BODIES[method])).encode() if method in BODIES else b""
                answer = identity.ask(method, path.replace("{key_id}", str(NUMBER)), body)
                cells += 1
                if (200 <= answer.status_code < 300) != opens(identity, method, path):
                    wrong.append((method, path, name, answer.status_code))
                if answer.status_code >= 400:
                    error(answer)
                identity.client.cookies.clear() if name != "session" else None
                ApiKey.objects.filter(name="new").delete()
    with capsys.disabled():
        print(f"\n/api: {cells} cells, {len(wrong)} unexpected")  # noqa: T201 (a figure to report)
    assert cells == len({path for _, path in CALLS}) * len(METHODS) * 7
    assert wrong == []


@pytest.mark.req("C5", "H7")
def test_no_credential_of_a_program_opens_what_a_stranger_cannot(user, identities, capsys):
    wrong, cells = [], 0
    stranger = identities["stranger"]
    programs = {name: identity for name, identity in identities.items() if identity.secret}
    fresh(user)
    for path in pages(NUMBER):
        for method in METHODS:
            public = 200 <= stranger.ask(method, path).status_code < 300
            for name, identity in programs.items():
                status = identity.ask(method, path).status_code
                cells += 1
                if 200 <= status < 300 and not public:
                    wrong.append((method, path, name, status))
                assert status < 500, (method, path, name)
    with capsys.disabled():
        print(f"\npages: {cells} cells, {len(wrong)} unexpected")  # noqa: T201 (a figure to report)
    assert cells > 1_000
    assert wrong == []
    assert AccessToken.objects.filter(user=user).count() == 4  # none was made


@pytest.mark.req("H7")
def test_no_answer_holds_a_credential(user, identities):
    fresh(user)
    user.refresh_from_db()
    key, token = user.api_keys.get(), user.access_tokens.get(pk=NUMBER)
    secrets = [key.digest, token.digest, user.password, bytes(user.webauthn_handle).hex(), user.get_session_auth_hash()]
    for method, path in CALLS:
        if method == "GET":
            shown = identities["token read"].ask(method, path.replace("{key_id}", str(NUMBER))).content.decode()
            assert [secret for secret in secrets if secret in shown] == []
            assert "tgat-" not in shown
            assert "target" not in shown


@pytest.mark.req("H7", "I16")
def test_nothing_of_one_account_is_told_to_another(user, identities):
    fresh(user)
    ledger.credit(user.pk, 7, reference="canary-entry", note="canary-note")
    row = called(user, model="canary-model", api_key="canary-key")
    entry = user.wallet.entries.get()
    theirs = identities["other's token"]
    questions = [
        *(path.replace("{key_id}", str(NUMBER)) for method, path in CALLS if method == "GET"),
        *("/api/usage?model=canary-model", "/api/usage?key=canary-key", f"/api/usage?cursor={row.pk + 1}"),
        f"/api/wallet/ledger?cursor={entry.pk + 1}",
    ]
    shown = [theirs.ask("GET", path).content.decode() for path in questions]
    assert [text for text in shown if "canary" in text or "laptop" in text or "mei" in text] == []
    mine = identities["token read"].ask("GET", "/api/usage").content.decode()
    assert "canary-model" in mine


def test_the_matrix_knows_every_route_of_this_version():
    assert len(CALLS) >= 12
    assert {"/overview/", "/settings/security/tokens/", "/admin/", f"/keys/{NUMBER}/delete/"} <= set(pages(NUMBER))
