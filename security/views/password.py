"""The card about the password, and the first password of an account that has none."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account import views as allauth
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import identities
from accounts.forms import FirstPasswordForm
from accounts.models import User
from security import events, password
from security.views import Refusing


def useful(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view choose a password only for accounts that may sign in by one."""

    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if identities.sole(cast(User, request.user)) is None:
            return view(request, **named)
        messages.error(request, _("Your account signs in by one provider alone."))
        return redirect("security")

    return guarded


def card(request: HttpRequest) -> dict[str, object]:
    """Return what the card shows: whether there is a password, and when it was last changed."""
    user = cast(User, request.user)
    return {
        "has_password": identities.has_password(user),
        "sole": identities.sole(user),
        "changed_at": events.last_at(user, events.Kind.PASSWORD, events.Kind.PASSWORD_RESET),
        "shortest": password.shortest(user),
    }


class FirstPassword(Refusing, allauth.PasswordSetView):
    """Choose a password, signed in by another way."""

    form_class = FirstPasswordForm
