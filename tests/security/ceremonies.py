"""Whole passkey ceremonies, by the verbs."""

import json

from accounts.models import User
from security import passkeys
from security.models import Passkey
from tests.security.softkey import SoftKey

SESSION = "a-session"


def register(user: User, key: SoftKey, name: str = "Laptop", **kwargs) -> Passkey:
    answer = key.create(passkeys.begin(user, SESSION), **kwargs)
    return passkeys.confirm(user, name, json.dumps(answer), session_key=SESSION)


def sign_in(key: SoftKey, change=lambda answer: answer) -> Passkey:
    answer = key.get(passkeys.begin_sign_in(SESSION))
    return passkeys.sign_in(json.dumps(change(answer)), session_key=SESSION)


def kinds(user: User) -> list[str]:
    """What happened to an account, in order."""
    return list(user.security_events.values_list("kind", flat=True).order_by("pk"))
