"""Accounts of every rank, each with everything that can be taken from it, their browsers and their mail."""

import base64
import email
import json
from email import policy

from django.contrib.auth.models import Permission

from accounts import services
from accounts.models import Group, User
from notifications.models import Delivery
from security import tokens
from security.models import AccessToken, Passkey, RecoveryCodeDevice, Session, TOTPDevice
from tests.accounts.conftest import PASSWORD, Browser
from tests.second_factor import enroll

RANKS = {"administrator": (True, True), "staff": (True, False), "clerk": (True, False), "account": (False, False)}
STAFF_MAY = ("view_user", "change_user", "delete_user")  # a clerk is staff without


def of_rank(rank: str, name: str, group: Group) -> User:
    """Return a new account of this rank, with a second factor, a passkey, a token and a session."""
    staff, superuser = RANKS[rank]
    made = services.create(username=name, email=f"{name}@example.com", password=PASSWORD, group=group)
    User.objects.filter(pk=made.pk).update(is_staff=staff, is_superuser=superuser)
    user = User.objects.get(pk=made.pk)
    if rank == "staff":
        allow(user, *STAFF_MAY)
    enroll(user)
    Passkey.objects.create(user=user, name="Laptop", credential_id=name.encode(), public_key=b"x")
    tokens.make(user, name="build", scopes=["read"])
    Browser().force_login(user)
    return user


def allow(user: User, *codenames: str) -> None:
    """Give permissions to an account."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def enter(user: User, address: str = "198.51.100.9") -> Browser:
    """Return a browser in which the account has just signed in with both factors."""
    browser = Browser(address)
    browser.sign_in(user.username, PASSWORD)
    assert browser.confirm(user).status_code == 302
    return browser


def state(user: User) -> dict[str, object]:
    """Return what an administrator could have changed of an account."""
    now = User.objects.filter(pk=user.pk).values("is_active", "is_staff", "is_superuser", "email", "password").first()
    counted = (Session, TOTPDevice, RecoveryCodeDevice, Passkey, AccessToken)
    return {
        "row": now,
        "permissions": set(user.user_permissions.values_list("codename", flat=True)) if now else set(),
        **{model.__name__: model._default_manager.filter(user=user.pk).count() for model in counted},
    }


def letter(event: str) -> str:
    """Return the text of the one mail of this kind that waits in the outbox."""
    packed = json.loads(Delivery.objects.get(event=event).payload)
    body = email.message_from_bytes(base64.b64decode(packed["raw"]), policy=policy.default).get_body(("plain",))
    assert body
    return " ".join(str(body.get_content()).split())
