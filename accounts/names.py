"""What an account may be called, and where its mail may go."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

SHORTEST, LONGEST = 2, 64
LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less its angle brackets
SHAPE = re.compile(r"[\w.+-]+")  # letters and digits of any script; no @, so that no name is another's e-mail address


def validate_name(name: str) -> None:
    """Raise ValidationError unless `name` is 2 to 64 plain letters, digits and . _ + - in their usual form (NFKC)."""
    if not SHORTEST <= len(name) <= LONGEST:
        raise ValidationError(_("A username has 2 to 64 characters."), code="length")
    if not SHAPE.fullmatch(name) or unicodedata.normalize("NFKC", name) != name:
        raise ValidationError(_("A username is made of letters, digits and . _ + - only."), code="characters")


def validate_address(email: str) -> None:
    """Raise ValidationError unless `email` is an address that mail can be sent to."""
    validate_email(email)
    if len(email) > LONGEST_ADDRESS:
        raise ValidationError(_("An e-mail address has at most 254 characters."), code="length")
