"""The stage of a sign-in that asks for the second factor, whatever way it came: password, provider, passkey, sign-up.

It is the last stage. If one paused after it, the proof would be lost: allauth reads the sign-in from the session anew.
"""

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from security import factors


class SecondFactor(LoginStage):  # type: ignore[misc]  # allauth has no types
    """Pause where the account has an authenticator app, unless a device, or somebody trusted, has seen its factor."""

    key = "security.second_factor"
    urlname = "second_factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Return (None, True) to go on, (where to, True) to wait."""
        user = self.login.user
        seen = getattr(user, "otp_device", None) or getattr(user, "proven_elsewhere", False)
        if user is None or seen or not factors.enabled(user):
            return None, True
        self.state["password"] = user.get_session_auth_hash()
        return redirect(self.urlname), True

    def stands(self) -> bool:
        """Return whether the sign-in may go on: the account is not disabled, its password still the one given."""
        user = self.login.user
        return (
            user is not None
            and user.is_active
            and constant_time_compare(self.state.get("password", ""), user.get_session_auth_hash())
        )
