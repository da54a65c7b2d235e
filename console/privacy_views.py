"""Privacy: what is recorded of an account's calls, what is kept where and for how long, and how addresses go."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import http, jobs, limits, ports
from accounts.models import User
from accounts.ports import sudo_required
from common.pages import Settings, posted, settings_page, wants_fragment
from console import erase
from privacy import services as privacy
from privacy.forms import RecordingForm

PAGE = "settings_privacy"
CARD = "settings/privacy.html#erasure"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show and save the switches."""
    user = cast(User, request.user)
    chosen, kept = privacy.choices(user), ports.kept()
    stored = {"record_ip": chosen.record_ip, "keep_prompts": chosen.keep_prompts}
    form = RecordingForm(posted(request), initial=stored, allowed=chosen.allowed)
    days = {"call_days": kept.calls.days, "error_days": kept.errors.days}
    area = Settings(
        template="settings/privacy.html",
        save=privacy.save,
        saved=_("Privacy settings saved"),
        context={"chosen": chosen, **days, **_erasure(user)},
    )
    return settings_page(request, form, area)


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far the erasing is, for the card that asks every two seconds."""
    if not wants_fragment(request):
        return redirect(PAGE)
    return render(request, CARD, _erasure(cast(User, request.user)))


@require_POST
@sudo_required
def begin(request: HttpRequest) -> HttpResponseBase:
    """Ask for the erasing of every stored address."""
    user = cast(User, request.user)
    try:
        erase.begin(user)
    except limits.TooManyTries as reached:
        return http.limited(request, reached, reset=False)
    return render(request, CARD, _erasure(user)) if wants_fragment(request) else redirect(PAGE)


def _erasure(user: User) -> dict[str, object]:
    """Return what the card of the erasing shows."""
    job, held = erase.latest(user), erase.held(user)
    return {
        "job": job,
        "running": job is not None and job.state in jobs.UNFINISHED,
        "failed": job is not None and job.state == jobs.State.FAILED and held,
        "held": held,
        "erased": int(job.result) if job and job.state == jobs.State.DONE and job.result else None,
    }
