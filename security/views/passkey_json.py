"""How the script of the passkey pages is answered: JSON, with a sentence for whatever is wrong."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from accounts import limits
from security import passkeys, relying_party, responses

View = Callable[[HttpRequest], HttpResponse]


def answers_browsers(view: View) -> View:
    """Turn what a ceremony may raise into a status and a sentence."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except relying_party.Off:
            return _said(HTTPStatus.FORBIDDEN, _("Administrator has not enabled Passkey login"))
        except responses.Refused:
            return _said(HTTPStatus.BAD_REQUEST, _("This passkey was not accepted. Try again, or choose another way."))
        except passkeys.InvalidName:
            return _said(HTTPStatus.BAD_REQUEST, _("A name has 1 to 64 characters, on one line."))
        except passkeys.TooManyPasskeys:
            return _said(HTTPStatus.BAD_REQUEST, _("You have 10 passkeys, which is the most. Remove one first."))
        except limits.TooManyTries:
            return _said(HTTPStatus.TOO_MANY_REQUESTS, _("Too many tries. Wait a minute, then try again."))

    return answered


def session_key(request: HttpRequest) -> str:
    """Return the key of the session that a challenge is bound to; a visitor without one gets one."""
    if request.session.session_key is None:
        request.session.create()
    return request.session.session_key or ""


def _said(status: HTTPStatus, text: str) -> HttpResponse:
    return JsonResponse({"error": text}, status=status)
