"""The security page: how somebody signs in, and what can act for them, a card each."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import ports
from accounts.models import User
from security import checkup
from security.views import events, passkeys, password, sessions, tokens, two_factor

CARDS: tuple[Callable[[HttpRequest], dict[str, object]], ...] = (
    two_factor.card,
    passkeys.card,
    tokens.card,
    password.card,
    sessions.card,
    events.card,
)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show every card, below the facts that matter most; those of other rooms come by their port."""
    shown: dict[str, Any] = {}
    for card in CARDS:
        shown |= card(request)
    shown["checks"] = [
        checkup.two_factor(shown["totp"]),
        checkup.passkeys(shown["passkeys"], offered=shown["offered"]),
        checkup.codes(shown["totp"], shown["codes_left"]),
        checkup.tokens(shown["tokens"], shown["now"]),
    ]
    shown["more_checks"] = ports.checks(cast(User, request.user), shown["now"])
    return render(request, "security/overview.html", shown)
