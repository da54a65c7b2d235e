"""What happened to an account: the card with the newest events, and the page with all of them."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from common.pages import wants_fragment
from security import events

ON_CARD, ON_PAGE = 5, 50
LARGEST = 2**63 - 1  # what a column of keys can hold


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: the newest events."""
    return {"events": events.page(cast(User, request.user), size=ON_CARD)[0]}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the events of the account, newest first, before the one that `?before=` names."""
    before = _number(request.GET.get("before", ""))
    rows, older = events.page(cast(User, request.user), size=ON_PAGE, before=before)
    address = reverse("security_events")
    context = {
        "events": rows,
        "newest": address if before else None,
        "older": f"{address}?before={older}" if older else None,
    }
    template = "security/events.html#events" if wants_fragment(request) else "security/events.html"
    return render(request, template, context)


def _number(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) else None
    return number if number is None or number <= LARGEST else None
