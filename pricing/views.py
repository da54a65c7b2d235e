"""The price safeguard: whether models without a price may be called, and what that can cost."""

from typing import cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import ports
from accounts.models import User
from common.pages import Settings, posted, settings_page
from pricing import preferences
from pricing.forms import SafeguardForm
from pricing.models import PricingPolicy, PricingSettings


@require_http_methods(["GET", "HEAD", "POST"])
def safeguard(request: HttpRequest) -> HttpResponseBase:
    """Show and save; turning it on asks who is there."""
    user = cast(User, request.user)
    policy = PricingPolicy.current()
    stored = PricingSettings.of(user).accept_unpriced
    turned_on = bool(request.POST.get("accept_unpriced")) and policy.allow_unpriced and not stored
    if turned_on and (asked := ports.step_up(request)):  # what it may cost is for its owner alone to accept
        return asked
    form = SafeguardForm(posted(request), initial={"accept_unpriced": stored}, allowed=policy.allow_unpriced)
    area = Settings(
        template="settings/pricing.html",
        save=preferences.save,
        saved=_("Price safeguard saved"),
        context={"policy": policy, "stored": stored, "lately": ports.unpriced_lately(user)},
    )
    return settings_page(request, form, area)
