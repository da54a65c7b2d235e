"""The notifications page: when an account is warned, and by which methods. Each card saves itself and nothing else."""

from dataclasses import replace
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits, ports
from accounts.models import User
from common.pages import UNPROCESSABLE, posted, toast, wants_fragment
from notifications import cards, changes, choices, history, methods, thresholds, trial
from notifications.cards import Card
from notifications.forms import FORMS, ThresholdForm
from notifications.models import Method
from notifications.thresholds import InvalidThreshold
from notifications.transports.base import TargetRefused

TEMPLATE = "settings/notifications.html"
RECENT = 8  # deliveries
TOO_MANY = 429


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show everything, and save the thresholds."""
    user = cast(User, request.user)
    form = ThresholdForm(posted(request), initial=ThresholdForm.of(thresholds.of(user.pk)))
    if not form.is_bound:
        return render(request, TEMPLATE, _context(user, form))
    if form.is_valid():
        given = form.cleaned_data
        try:
            thresholds.save(user, main=given["threshold"], further=given["further_thresholds"])
        except InvalidThreshold as error:
            form.add_error(error.field, str(error))
    if form.errors:
        template = f"{TEMPLATE}#thresholds" if wants_fragment(request) else TEMPLATE
        return render(request, template, _context(user, form), status=UNPROCESSABLE)
    saved = _("Quota warning saved")
    if wants_fragment(request):
        fresh = ThresholdForm(initial=ThresholdForm.of(thresholds.of(user.pk)))
        return toast(render(request, f"{TEMPLATE}#thresholds", _context(user, fresh)), saved)
    messages.success(request, saved)
    return redirect("settings_notifications")


@require_POST
def save(request: HttpRequest, kind: str) -> HttpResponse:
    """Save one method."""
    user, method = cast(User, request.user), _method(request, kind)
    filled = cards.card(user, method, data=request.POST, opened=True)
    form, before = filled.form, ""
    if form.is_valid():
        given = form.cleaned_data
        off = choices.muted(user, method, given["events"])
        try:
            before = changes.secret_of(user)
            changes.save(user, kind, form=form.entered(), enabled=given["enabled"], muted=off)
        except TargetRefused as refusal:
            for field, words in refusal.errors.items():
                form.add_error(field if field in form.fields else None, words)
        except limits.TooManyTries:
            form.add_error("address", _("Too many links were mailed to this address. Try again in an hour."))
    if form.errors:
        return _answer(request, filled, status=UNPROCESSABLE)
    made = changes.secret_of(user)
    if made not in {before, form.entered().get("secret")}:  # nobody has seen it yet
        if wants_fragment(request):
            return _unstored(_answer(request, _fresh(user, kind, secret=made)))
        return _unstored(render(request, "settings/notifications_secret.html", {"secret": made}))
    return _answer(request, _fresh(user, kind), said=_("%(method)s saved") % {"method": method})


@require_POST
def remove(request: HttpRequest, kind: str) -> HttpResponse:
    """Forget one method, its secrets with it."""
    user, method = cast(User, request.user), _method(request, kind)
    changes.remove(user, kind)
    return _answer(request, _fresh(user, kind), said=_("%(method)s removed") % {"method": method})


@require_POST
def test(request: HttpRequest, kind: str) -> HttpResponse:
    """Send a test by one method; the worker takes it within a second."""
    user = cast(User, request.user)
    _method(request, kind)
    try:
        trial.send(user, kind)
    except changes.NothingEntered:
        return _answer(request, _fresh(user, kind), said=_("Save where messages go first."), bad=True)
    except limits.TooManyTries:
        said = _("Five tests a minute are enough. Try again in a minute.")
        return _answer(request, _fresh(user, kind), said=said, bad=True)
    return _answer(request, _fresh(user, kind), said=_("The test is on its way"))


@require_http_methods(["GET", "HEAD"])
def card(request: HttpRequest, kind: str) -> HttpResponse:
    """Show one method as it is now: a test that is on its way asks for it until it has arrived."""
    user = cast(User, request.user)
    _method(request, kind)
    if not wants_fragment(request):
        return redirect(_place(kind))
    return render(request, f"{TEMPLATE}#method", {"card": _fresh(user, kind)})


@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Give the webhook a new secret and show it, this one time."""
    user = cast(User, request.user)
    try:
        secret = changes.rotate(user)
    except changes.NothingEntered as nothing:
        raise Http404 from nothing
    return _unstored(render(request, "settings/notifications_secret.html", {"secret": secret}))


def _context(user: User, form: ThresholdForm) -> dict[str, object]:
    standing = ports.standing(user)
    stored, shown = thresholds.of(user.pk), cards.cards(user)
    recent, _older = history.page(user, size=RECENT)
    return {
        "form": form,
        "standing": standing,
        "meter": cards.meter(stored, standing.total),
        "cards": shown,
        "nobody": cards.nobody(shown),
        "deliveries": recent,
    }


def _method(request: HttpRequest, kind: str) -> Method:
    if kind not in FORMS:
        raise Http404
    return methods.one(cast(User, request.user), kind)


def _fresh(user: User, kind: str, *, secret: str = "") -> Card:
    made = cards.card(user, methods.one(user, kind), opened=True)
    return replace(made, waiting=history.latest_test(user, kind), secret=secret)


def _unstored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _place(kind: str) -> str:
    return f"{reverse('settings_notifications')}#{kind}"


def _answer(request: HttpRequest, shown: Card, *, said: str = "", bad: bool = False, status: int = 200) -> HttpResponse:
    """Answer with the card for htmx, else with the page: as it was filled in, or by a redirect once all is well."""
    if wants_fragment(request):
        response = render(request, f"{TEMPLATE}#method", {"card": shown}, status=status)
        return toast(response, said, kind="bad" if bad else "ok") if said else response
    if status == UNPROCESSABLE:
        user = cast(User, request.user)
        context = _context(user, ThresholdForm(initial=ThresholdForm.of(thresholds.of(user.pk))))
        context["cards"] = [shown if one.kind == shown.kind else one for one in cards.cards(user)]
        return render(request, TEMPLATE, context, status=status)
    (messages.error if bad else messages.success)(request, said)
    return redirect(_place(shown.kind))
