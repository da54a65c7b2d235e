"""The second factor of an account, whichever it is, behind the one limit that all its codes share."""

from django.db import transaction
from django.http import HttpRequest
from django_otp.models import Device

from accounts import limits
from accounts.models import User
from security import passkeys, recovery, totp
from security.models import Device as KnownBrowser
from security.models import TOTPDevice

# NIST SP 800-63B-4 3.2.2: three codes count at a time, so that guessing wins 0.015 % a day
TRIES = limits.Rule("second factor", ((5, 300), (20, 3600), (50, limits.DAY)))

WrongCode = totp.WrongCode


def enabled(user: User) -> bool:
    """Return whether signing in takes a code: the account has an authenticator app."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def held(user: User) -> bool:
    """Return whether the account has any second factor; a passkey that knows its user is both factors at once."""
    return enabled(user) or passkeys.usable(user)


def verified(request: HttpRequest) -> bool:
    """Return whether this session was opened, or confirmed since, with a second factor."""
    return getattr(request.user, "otp_device", None) is not None


def verify(user: User, code: str, *, browser: KnownBrowser | None) -> Device:
    """Return the device whose code this is: the app's for six digits, else a recovery code; it is used up.

    Tries are counted by account over all sessions; only a `browser` that has signed in with both factors before has a
    count of its own, so that who guessed the password cannot lock the owner out. Raises WrongCode, and
    accounts.limits.TooManyTries however right the code. A try is counted before anything is looked at and stays
    counted whatever becomes of the request: inside a transaction this is refused.
    """
    with transaction.atomic(durable=True):
        tried = limits.take(TRIES, _counted(user, browser))
    device = totp.verify(user, code) if code.isdecimal() else recovery.verify(user, code)
    if device is None:
        raise WrongCode
    limits.give_back(tried)
    return device


def forgive(user: User) -> None:
    """Forget every wrong code of the account, from whichever browser."""
    for who in (limits.account(user.pk), *map(_device, user.devices.values_list("pk", flat=True))):
        limits.forgive(TRIES, who)


def _counted(user: User, browser: KnownBrowser | None) -> str:
    """Return whose tries these are: of a browser only if it has signed in since there is a second factor.

    Whoever had the password alone could have made any number of browsers known before that.
    """
    proven = browser and TOTPDevice.objects.filter(user=user, confirmed=True, created_at__lt=browser.seen_at).exists()
    return _device(browser.pk) if browser and proven else limits.account(user.pk)


def _device(pk: int) -> str:
    return f"device {pk}"
