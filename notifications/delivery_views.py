"""What an account was told, message by message, and the link that confirms an address."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import ports
from accounts.models import User
from common.pages import wants_fragment
from notifications import history, mailboxes
from notifications.models import Delivery

SIZE = 25
GONE = 410


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the deliveries of an account, newest first."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None  # noqa: PLR2004 (63 bits)
    rows, older = history.page(cast(User, request.user), size=SIZE, before=before)
    context = {
        "deliveries": rows,
        "kept_days": ports.kept().errors.days,
        "newest": request.path if before else None,
        "older": f"{request.path}?before={older}" if older else None,
    }
    template = "settings/deliveries.html"
    return render(request, f"{template}#rows" if wants_fragment(request) else template, context)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one delivery with its tries."""
    delivery = _own(request, pk)
    tries = history.tries(delivery)
    last = tries[-1] if tries else None
    return render(request, "settings/delivery.html", {"delivery": delivery, "tries": tries, "last": last})


@require_POST
def repeat(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one delivery again, under the same id."""
    if history.repeat(_own(request, pk)):
        messages.success(request, _("The message is on its way again"))
    else:
        messages.error(request, _("This message cannot be sent again."))
    return redirect("delivery", pk=pk)


@never_cache
@login_not_required  # who reads the mailbox need not be who owns the account
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether messages may go to an address, and let them; what only looks at links uses none up."""
    try:
        if request.method == "POST":
            return render(request, "settings/address_confirmed.html", {"address": mailboxes.confirm(token)})
        return render(request, "settings/address_confirm.html", {"method": mailboxes.pending(token)})
    except mailboxes.LinkInvalid:
        return render(request, "settings/address_invalid.html", status=GONE)


def _own(request: HttpRequest, pk: int) -> Delivery:
    delivery = history.one(cast(User, request.user), pk)
    if delivery is None:
        raise Http404
    return delivery
