"""Error pages: what happened, what to do, nothing of the inside."""

import logging
import secrets
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from sidebar import context_processors, preferences

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error page says."""

    status: int
    title: str | Promise
    text: str | Promise


BAD_REQUEST = Trouble(
    400, _("This request can't be understood"), _("Check the address, or go back and try again from the page before.")
)
FORBIDDEN = Trouble(
    403, _("You may not open this page"), _("It needs rights that your account doesn't have. Ask your administrator.")
)
STALE = Trouble(
    403,
    _("This form is out of date"),
    _("You signed in or out since it was shown, or cookies are blocked. Go back, reload the page and send it again."),
)
NOT_FOUND = Trouble(
    404, _("There is nothing here"), _("The address may be mistyped, or what it named has been deleted.")
)
BROKEN = Trouble(
    500,
    _("Something went wrong on our side"),
    _("Nothing you did caused it. Try again in a moment; if it stays, tell your administrator."),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django names it)
    """Answer 400."""
    return _page(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django names it)
    """Answer 403."""
    return _page(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django names it)
    """Answer 404."""
    return _page(request, NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django names it)
    """Answer 403 to a form whose token is missing or old."""
    return _page(request, STALE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with a reference that stands in the log too."""
    reference = secrets.token_hex(6)
    logger.error("A page failed; its reader was given the reference %s", reference)
    return _page(request, BROKEN, reference=reference)


def _page(request: HttpRequest, trouble: Trouble, *, reference: str = "") -> HttpResponse:
    """Render without the frame and without a request: an error page must not depend on the database."""
    language = get_language() or "en"
    context = {
        "trouble": trouble,
        "reference": reference,
        "lang": context_processors.DOCUMENT_LANGUAGE.get(language, language),
        "theme": preferences.theme(request.COOKIES),
    }
    return HttpResponse(get_template("error.html").render(context), status=trouble.status)
