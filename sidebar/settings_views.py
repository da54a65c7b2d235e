"""The settings of the sidebar: a switch for each area and module, a preview, and back to the beginning."""

from collections.abc import Collection
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.pages import UNPROCESSABLE, posted, wants_fragment
from sidebar import services as sidebar
from sidebar.forms import HidingForm
from sidebar.modules import AREAS, NAMES, SETTINGS

TEMPLATE = "settings/sidebar.html"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show and save the switches; `reset` shows everything again."""
    user, off = cast(User, request.user), sidebar.off()
    if request.POST.get("reset"):
        sidebar.hide(user, ())
        return _saved(request, _("Everything is shown again"))
    hides = sidebar.hidden(user)
    form = HidingForm(posted(request), offered=sidebar.offered(off))
    if form.is_valid():
        sidebar.hide(user, form.cleaned_data["hidden"], among=sidebar.offered(off))
        return _saved(request, _("Sidebar saved"))
    context = {"form": form, "areas_offered": _areas(user, hides, off), **_preview(hides, off)}
    return render(request, TEMPLATE, context, status=UNPROCESSABLE if form.is_bound else 200)


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """Show what the sidebar would be with the switches as they stand, for the page that asks at every change."""
    if not wants_fragment(request):
        return redirect("settings_sidebar")
    off = sidebar.off()
    wanted = NAMES & set(request.GET.getlist("hidden"))
    locked = sidebar.hidden(cast(User, request.user)) - sidebar.offered(off)
    return render(request, f"{TEMPLATE}#preview", _preview(wanted | locked, off))


def _saved(request: HttpRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("settings_sidebar")


def _preview(hides: Collection[str], off: Collection[str]) -> dict[str, object]:
    seats = [seat for seat in sidebar.seats(hides, off) if seat.shown]
    return {"preview_areas": [(area, [seat.module for seat in seats if seat.area == area]) for area in AREAS]}


def _areas(user: User, hides: Collection[str], off: Collection[str]) -> list[dict[str, object]]:
    seats = list(sidebar.seats(hides, off))
    return [
        {
            "area": area,
            "hidden": area.key in hides,
            "rows": [
                {
                    "seat": seat,
                    "lacks": sidebar.lacks(user, seat.module),
                    "stays": seat.module.key == SETTINGS,
                    "free": not (seat.off or seat.module.planned or seat.module.key == SETTINGS),
                }
                for seat in seats
                if seat.area == area
            ],
        }
        for area in AREAS
    ]
