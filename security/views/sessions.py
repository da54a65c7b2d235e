"""The sessions of an account: the card, and the buttons that end them. One press is enough: nothing is lost by it."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import http
from accounts.models import User
from common.pages import toast, wants_fragment
from security import agents, sessions

PAGE = "security"


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: this session first, then the others, last used first."""
    own = sessions.stored(request.session.session_key)
    found = sorted(sessions.of(cast(User, request.user)), key=lambda session: session.session_key != own)
    rows = [
        {"session": session, "own": session.session_key == own, "handheld": agents.handheld(session.agent)}
        for session in found
    ]
    return {"sessions": rows, "others": any(not row["own"] for row in rows)}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the card on a page of its own."""
    return render(request, "security/sessions.html", card(request))


@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """End one session. Raises Http404 for one that is not of this account, or has ended."""
    if not sessions.end(cast(User, request.user), public_id):
        raise Http404
    return _done(request, _("The session has ended."))


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End every session but this one."""
    ended = sessions.end_all(cast(User, request.user), except_key=request.session.session_key)
    return _done(request, ngettext("%(n)s session has ended.", "%(n)s sessions have ended.", ended) % {"n": ended})


def _done(request: HttpRequest, said: str) -> HttpResponse:
    if wants_fragment(request):
        return toast(render(request, "security/sessions.html#card", card(request)), said)
    messages.success(request, said)
    return redirect(http.safe_path(request.headers.get("referer", "")) or PAGE)
