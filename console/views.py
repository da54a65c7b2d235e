"""The overview."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from common.pages import wants_fragment
from console import checkup, overview
from wallet import ledger

RANGES = {"7d": 7, "14d": 14, "30d": 30}
DEFAULT = "30d"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the account at a glance."""
    user = cast(User, request.user)
    now = timezone.localtime()
    chosen = request.GET.get("range", DEFAULT)
    chosen = chosen if chosen in RANGES else DEFAULT
    figures = overview.figures(user, days=RANGES[chosen], now=now)
    balance = ledger.balance(user.pk)
    context: dict[str, object] = {
        "balance": balance,
        "share_free": max(balance.free, 0) * 100 / balance.total if balance.total > 0 else 0,
        "runway": overview.runway(balance, figures.week),
        "figures": figures,
        "ranges": _ranges(chosen),
    }
    if wants_fragment(request):
        return render(request, "overview/overview.html#usage", context)
    context |= {
        "base_url": f"{settings.BASE_URL}/v1",
        "example": figures.example,
        "errors": overview.errors(user, now=now),
        "steps": overview.steps(user),
        "checkup": checkup.of(user, now=now),
        "timezone": timezone.get_current_timezone_name(),
    }
    return render(request, "overview/overview.html", context)


def _ranges(chosen: str) -> list[dict[str, object]]:
    names = {"7d": _("7 days"), "14d": _("14 days"), "30d": _("30 days")}
    return [{"name": name, "query": f"?range={key}", "current": key == chosen} for key, name in names.items()]
