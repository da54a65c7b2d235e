"""What stands before a session without a second factor: set one up, or prove the one there is."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import User
from security import factors, policy, sudo

# what a session may do without the second factor it needs: set it up, prove it, leave, and choose how pages look
OPEN = {
    *("two_factor", "account_reauthenticate", "sudo_code", "sudo_passkey", "sudo_provider", "sudo_none"),
    *("account_logout", "set_theme", "set_language"),
}


def second_factor_first(request: HttpRequest, back: str | None = None) -> HttpResponseBase:
    """Return the answer that leads to the proof of a second factor or, without one, to its set-up.

    From there it goes `back`, here by default.
    """
    if factors.held(cast(User, request.user)):
        return sudo.ask(request, "factor", back)
    return sudo.redirect(request, "two_factor", {"next": back or sudo.page(request)})


class SecondFactorPolicy:
    """Let nobody in without a second factor where the operator demands one and the days of grace are over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Return the way to the second factor, None where the page may be seen."""
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        if factors.verified(request) or (request.resolver_match and request.resolver_match.url_name in OPEN):
            return None
        return second_factor_first(request) if policy.overdue(request.user) else None
