"""The usage log: every call and every refusal, newest first."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import ports
from accounts.models import User
from common import callids
from common.pages import wants_fragment
from usage import calls, rows
from usage.forms import DEFAULT_PERIOD, HOURS, FilterForm
from usage.models import CallLog


@require_safe
def usage_log(request: HttpRequest) -> HttpResponse:
    """Show the calls that the address asks for."""
    user = cast(User, request.user)
    form = FilterForm(request.GET)
    asked = form.asked()
    chosen = _filter(asked)
    outline = calls.outline(user.pk, chosen)
    page = _page(user, asked, chosen)
    form = FilterForm(asked)
    form.offer("model", outline.models, _("All models"))
    form.offer("key", outline.api_keys, _("All keys"))
    context = {
        "form": form,
        "picks": [form["model"], form["key"], form["period"]],
        "kinds": _kinds(asked),
        "rows": [rows.row(call) for call in page.calls],
        "kept": ports.kept(),
        "totals": None if "request" in asked else outline.totals,
        "addresses": any(call.address for call in page.calls),
        "newest": _link(asked, before=None) if "before" in asked else None,
        "older": _link(asked, before=page.older) if page.older else None,
        "filtered": bool(asked.keys() - {"period", "before"}),
        "widest": _link({}, period="all") if asked["period"] != "all" else None,
    }
    return render(request, "usage/log.html#calls" if wants_fragment(request) else "usage/log.html", context)


def _filter(asked: Mapping[str, Any]) -> calls.Filter:
    hours = HOURS[asked["period"]]
    return calls.Filter(
        kind=asked.get("kind", ""),
        model=asked.get("model", ""),
        api_key=asked.get("key", ""),
        since=int(timezone.now().timestamp()) // 3600 - hours + 1 if hours else 0,
    )


def _page(user: User, asked: Mapping[str, Any], chosen: calls.Filter) -> calls.Page:
    if "request" not in asked:
        return calls.page(user.pk, chosen, before=asked.get("before"))
    try:
        return calls.find(user.pk, callids.call_id(asked["request"].strip()))
    except ValueError:
        return calls.Page([], None)


def _kinds(asked: Mapping[str, Any]) -> list[dict[str, object]]:
    names = {"": _("All"), CallLog.Kind.OK: _("Paid"), CallLog.Kind.ERROR: _("Errors")}
    return [
        {"name": name, "url": _link(asked, kind=kind, before=None), "current": asked.get("kind", "") == kind}
        for kind, name in names.items()
    ]


def _link(asked: Mapping[str, Any], **changes: object) -> str:
    """Return the address of what is asked for, changed; what is empty or the default is left out."""
    query = {name: value for name, value in {**asked, **changes}.items() if value}
    if query.get("period") == DEFAULT_PERIOD:
        del query["period"]
    return f"{reverse('usage_log')}?{urlencode(query)}"
