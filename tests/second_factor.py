"""A second factor for accounts of tests, and its codes as another authenticator (pyotp) computes them."""

import time

import pyotp

from accounts.models import User
from security import recovery, totp
from security.models import TOTPDevice

WIDE = str.maketrans("0123456789", "".join(map(chr, range(0xFF10, 0xFF1A))))  # full-width digits
ARABIC = str.maketrans("0123456789", "".join(map(chr, range(0x0660, 0x066A))))
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enroll(user: User, *, secret: str = SECRET) -> list[str]:
    """Give the account an authenticator app and recovery codes, and return the codes."""
    TOTPDevice.objects.create(user=user, name="Tollgate", secret=secret)
    codes = recovery.draft()
    recovery.store(user, codes)
    return codes


def code(user: User, *, steps: int = 0) -> str:
    """Return the code of now, or of some steps later; the app's, so it knows nothing of what was used."""
    secret = TOTPDevice.objects.get(user=user).secret
    return pyotp.TOTP(secret).at(int(time.time()), counter_offset=steps)


def fresh_code(user: User) -> str:
    """Return a code that will be taken, however many were used a moment ago."""
    TOTPDevice.objects.filter(user=user).update(last_step=int(time.time()) // totp.STEP - 2)
    return code(user)


def wrong(user: User) -> str:
    """Return six digits that are none of the three codes that count now."""
    secret = TOTPDevice.objects.get(user=user).secret
    return next(digits for digits in ("000000", "111111", "222222", "333333") if totp.step_of(secret, digits) is None)
