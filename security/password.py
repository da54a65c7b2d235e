"""How long a password must be (NIST SP 800-63B-4 3.1.1.2): no other rule of form applies to it."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.passwords import LONG, LONGEST
from security import factors

BESIDE_FACTOR = 8  # characters, where signing in takes a code too


def shortest(user: User | None) -> int:
    """Return how many characters a password of this account needs at least."""
    return BESIDE_FACTOR if user is not None and user.pk and factors.enabled(user) else LONG


class Length:
    """Validator of AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password that is too short or too long."""
        least = shortest(user)
        if len(password) < least:
            raise ValidationError(_("Use at least %(n)s characters."), code="password_too_short", params={"n": least})
        if len(password) > LONGEST:
            raise ValidationError(_("Use at most %(n)s characters."), code="password_too_long", params={"n": LONGEST})

    def get_help_text(self) -> str:
        """Return what people are told before they choose."""
        return _("At least %(n)s characters; %(short)s with two-factor authentication.") % {
            "n": LONG,
            "short": BESIDE_FACTOR,
        }
