"""Tokens of links that choose a password. Named in ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR.

A link that somebody asked for is Django's: ten minutes. The first link of an account that was made for somebody waits
seven days, since its owner does not wait for it; it opens only an account that has no password and that nobody has ever
been in. Both are bound to the password, the last sign-in and the addresses of the account, and so work once.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.signing import BadSignature, TimestampSigner
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

FIRST = "first-"  # no token of Django's begins so: it begins with a number in base 36
FIRST_LIFE = timedelta(days=7)


class LinkTokens(PasswordResetTokenGenerator):
    """Makes and checks the tokens of both kinds of links."""

    def make_first(self, user: User) -> str:
        """Return the token of a first link."""
        return FIRST + _signer().sign(self._state(user))

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Return whether a link with this token works for the account now."""
        if user is None or not token or not token.startswith(FIRST):
            return super().check_token(user, token)
        try:
            state = _signer().unsign(token.removeprefix(FIRST), max_age=FIRST_LIFE)
        except BadSignature:
            return False
        untouched = user.last_login is None and not user.has_usable_password()
        return untouched and constant_time_compare(state, self._state(user))

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        """Bind a token to every address of the account, too: a changed one ends the links to the old."""
        known = EmailAddress.objects.filter(user_id=user.pk).values_list("email", flat=True)
        addresses = {user.email, *known} - {""}
        return super()._make_hash_value(user, timestamp) + "|".join(sorted(addresses))

    def _state(self, user: User) -> str:
        return salted_hmac("accounts.first-link", self._make_hash_value(user, 0), algorithm="sha256").hexdigest()


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="accounts.first-link")
