"""What each runner of a race does; True for who got what only one may have."""

from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from console import setup
from security import passkeys, responses
from security.models import Passkey
from tests.races.runway import go


def answer(number: int, raw: str) -> bool:
    """Sign in by a passkey's one answer."""
    go()
    try:
        passkeys.sign_in(raw, session_key="0")
    except responses.Refused:
        return False
    return True


def add(number: int, user_id: int, waiting: list[str]) -> bool:
    """Add the tenth passkey."""
    user = User.objects.get(pk=user_id)
    go()
    try:
        passkeys.confirm(user, f"new {number}", waiting[number], session_key=str(number))
    except passkeys.TooManyPasskeys:
        return False
    return True


def remove(number: int, pair: list[int]) -> bool:
    """Remove one of the last two passkeys."""
    mine = Passkey.objects.filter(pk=pair[number % 2]).first()
    go()
    if mine is None:
        return False
    try:
        passkeys.remove(mine, session_key=None)
    except passkeys.LastWayIn:
        return False
    return True


def reset(number: int, path: str) -> bool:
    """Set a new password by the one link."""
    browser = Client(REMOTE_ADDR=f"198.51.100.{number}", SERVER_NAME="localhost")
    form = browser.get(path).headers["Location"]
    word = f"a passphrase of runner {number}"
    go()
    answer = browser.post(form, {"password1": word, "password2": word})
    return answer.status_code == 302 and answer.headers["Location"].endswith("/done/")


def first(number: int, token: str) -> bool:
    """Become the first administrator."""
    go()
    name = f"root{number}"
    try:
        setup.claim(token, username=name, email=f"{name}@example.com", password="quite a long passphrase")
    except setup.LinkInvalid:
        return False
    return EmailAddress.objects.filter(user__username=name).exists()
