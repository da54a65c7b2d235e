"""The price safeguard: whether models without a price may be called, and what that can cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import ports
from accounts.models import User
from accounts.ports import sudo_required
from common import windows
from common.pages import UNPROCESSABLE, Settings, posted, settings_page, wants_fragment
from pricing import preferences
from pricing.forms import AcceptForm, SafeguardForm
from pricing.models import PricingPolicy
from pricing.preferences import Safeguard

PAGE, ACCEPT = "settings_pricing", "pricing_accept"
DIALOG = "#accept-dialog-body"
KEPT = ("accepted_models", "monthly_cap")  # of what was typed, over the question who is there


@require_http_methods(["GET", "HEAD", "POST"])
def safeguard(request: HttpRequest) -> HttpResponseBase:
    """Show and save; accepting more than before asks who is there, and accepting at all names the price first."""
    user = cast(User, request.user)
    stored, policy = preferences.chosen(user.pk), PricingPolicy.current()
    form = SafeguardForm(posted(request), **_known(user, stored, policy))
    if form.is_valid() and form.choice.exceeds(stored):
        if asked := ports.step_up(request, back=_accept_path(request.POST)):  # it is for its owner alone to accept
            return asked
        if wants_fragment(request) and not stored.accept_unpriced:
            return _ask(request, request.POST)
    area = Settings(
        template="settings/pricing.html",
        save=preferences.save,
        saved=_("Price safeguard saved"),
        context=_shown(user, stored, policy),
    )
    return settings_page(request, form, area)


@require_http_methods(["GET", "HEAD", "POST"])
@sudo_required
def accept(request: HttpRequest) -> HttpResponse:
    """Name the fallback price in full, and turn it on once that was accepted."""
    if request.method != "POST":
        return _ask(request, request.GET)
    user = cast(User, request.user)
    form = AcceptForm(request.POST, **_known(user, preferences.chosen(user.pk), PricingPolicy.current()))
    if not form.is_valid():
        return _ask(request, request.POST, form)
    preferences.save(user, **form.cleaned_data)
    messages.success(request, _("Models without a price are accepted now"))
    return HttpResponseClientRedirect(reverse(PAGE)) if wants_fragment(request) else redirect(PAGE)


@require_POST
def reviewed(request: HttpRequest) -> HttpResponse:
    """Note that the owner has looked, and lets everything be as it is."""
    preferences.review(cast(User, request.user))
    messages.success(request, _("Price safeguard reviewed"))
    return redirect(PAGE)


def _ask(request: HttpRequest, given: QueryDict, form: AcceptForm | None = None) -> HttpResponse:
    """Show what is about to be accepted, in the dialog of the page or on a page of its own."""
    user, policy = cast(User, request.user), PricingPolicy.current()
    stored = preferences.chosen(user.pk)
    status = UNPROCESSABLE if form else 200
    if form is None:
        typed = AcceptForm(given, **_known(user, stored, policy))
        typed.is_valid()
        kept = {name: typed.cleaned_data[name] for name in KEPT if name in typed.cleaned_data and name in given}
        form = AcceptForm(initial={**typed.initial, **kept}, **_known(user, stored, policy))
        form.fields["accepted_models"].choices = typed.fields["accepted_models"].choices  # type: ignore[attr-defined]
    template = "settings/pricing_accept.html#form" if wants_fragment(request) else "settings/pricing_accept.html"
    answer = render(request, template, {"form": form, "policy": policy}, status=status)
    if wants_fragment(request):
        answer["HX-Retarget"], answer["HX-Reswap"] = DIALOG, "innerHTML"
    return answer


def _accept_path(given: QueryDict) -> str:
    """Return where to go on once it is known who is there, with what was typed."""
    typed = [(name, value) for name in KEPT for value in given.getlist(name)]
    return reverse(ACCEPT) + (f"?{urlencode(typed)}" if typed else "")


def _known(user: User, stored: Safeguard, policy: PricingPolicy) -> Mapping[str, Any]:
    return {"stored": stored, "unpriced": ports.unpriced_models(user), "allowed": policy.allow_unpriced}


@dataclass(frozen=True, slots=True)
class Month:
    """What models without a price cost this month, in nano-USD; `percent` of the cap, if there is one."""

    spent: int
    held: int
    cap: int | None
    ends: datetime

    @property
    def left(self) -> int:
        """Return what the cap leaves for new calls."""
        return max((self.cap or 0) - self.spent - self.held, 0)

    @property
    def percent(self) -> float:
        """Return how much of the cap is used."""
        return min((self.spent + self.held) * 100 / self.cap, 100) if self.cap else 0

    @property
    def kind(self) -> str:
        """Return how the meter is drawn."""
        return "bad" if self.cap and not self.left else "warn" if self.percent >= 80 else ""  # noqa: PLR2004 (nearly full)


def _month(user: User, stored: Safeguard) -> Month:
    now = timezone.now()
    used = ports.unpriced_spend(user, now)
    return Month(used.spent, used.held, stored.monthly_cap, windows.month_after(now.timestamp()))


def _shown(user: User, stored: Safeguard, policy: PricingPolicy) -> Mapping[str, object]:
    return {
        "policy": policy,
        "stored": stored,
        "month": _month(user, stored),
        "lately": ports.unpriced_lately(user),
    }
