"""Privacy: what is recorded of an account's calls, what is kept where and for how long."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import ports
from accounts.models import User
from common.pages import Settings, posted, settings_page
from privacy import services as privacy
from privacy.forms import RecordingForm


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show and save the switches."""
    chosen, kept = privacy.choices(cast(User, request.user)), ports.kept()
    stored = {"record_ip": chosen.record_ip, "keep_prompts": chosen.keep_prompts}
    form = RecordingForm(posted(request), initial=stored, allowed=chosen.allowed)
    area = Settings(
        template="settings/privacy.html",
        save=privacy.save,
        saved=_("Privacy settings saved"),
        context={"chosen": chosen, "call_days": kept.calls.days, "error_days": kept.errors.days},
    )
    return settings_page(request, form, area)
