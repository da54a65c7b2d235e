"""The wallet: what is free and held, and the ledger that explains it."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from common.pages import wants_fragment
from wallet import ledger, reports
from wallet.forms import LedgerFilter


@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the balance and the entries that the address asks for."""
    user = cast(User, request.user)
    asked = LedgerFilter(request.GET).asked()
    balance = ledger.balance(user.pk)
    page = reports.ledger(user.pk, total=balance.total, kind=asked.get("kind", ""), before=asked.get("before"))
    context = {
        "balance": balance,
        "page": page,
        "kinds": _kinds(asked),
        "filtered": "kind" in asked,
        "newest": _link(asked, before=None) if "before" in asked else None,
        "older": _link(asked, before=page.older) if page.older else None,
    }
    return render(request, "wallet/wallet.html#ledger" if wants_fragment(request) else "wallet/wallet.html", context)


def _kinds(asked: Mapping[str, Any]) -> list[dict[str, object]]:
    names = {"": _("All"), **dict(reports.kinds())}
    return [
        {"name": name, "url": _link(asked, kind=kind, before=None), "current": asked.get("kind", "") == kind}
        for kind, name in names.items()
    ]


def _link(asked: Mapping[str, Any], **changes: object) -> str:
    query = {name: value for name, value in {**asked, **changes}.items() if value}
    return f"{reverse('wallet')}?{urlencode(query)}"
