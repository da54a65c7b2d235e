"""Sign-up by an identity provider: who came back from it chooses a name; the operator's policy holds as for all."""

import time
from dataclasses import asdict, replace
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from accounts import invites, names, policy, providers
from accounts.forms import ProviderSignupForm
from accounts.identities import Identity
from accounts.models import Invite
from security import views

PENDING, INVITE = "provider_sign_up", "provider_invite"  # in the session
AGE = 600  # seconds


def begin(request: HttpRequest, identity: Identity) -> HttpResponseBase:
    """Remember in the session who came back, and go on to the form."""
    request.session[PENDING] = {"at": time.time(), **asdict(identity)}
    return redirect("provider_sign_up")


@method_decorator(login_not_required, name="dispatch")  # it is how accounts are made
class SignUp(views.SignUp):
    """A name and an address for whom a provider vouches. It proves nothing within ten minutes: sudo asks anew."""

    proves = False
    identity: Identity

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        identity = _pending(request)
        if identity is None:
            return redirect("account_login")
        self.identity = identity
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))

    def is_open(self) -> bool:
        mode = policy.mode()
        invited = mode == policy.Mode.INVITE and self._invite() is not None
        return mode in {policy.Mode.OPEN, policy.Mode.DOMAIN} or invited

    def get_template_names(self) -> list[str]:
        return ["account/provider_sign_up.html" if self.is_open() else "account/provider_unbound.html"]

    def get_form_class(self) -> type[ProviderSignupForm]:
        return ProviderSignupForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "invite": self._invite(), "identity": self.identity}

    def get_initial(self) -> dict[str, Any]:
        """Propose what the provider said; all of it can be changed, and the address is verified like any other."""
        name = self.identity.name
        fits = names.SHAPE.fullmatch(name) and names.SHORTEST <= len(name) <= names.LONGEST
        return {"username": name if fits else "", "email": self.identity.email}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"provider": providers.get(self.identity.provider), "identity": self.identity}
        return {**super().get_context_data(**kwargs), **shown}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if getattr(self, "user", None):
            self.request.session.pop(PENDING, None)
        return response

    def _invite(self) -> Invite | None:
        pk = self.request.session.get(INVITE)
        return invites.waiting(pk) if pk else None


def _pending(request: HttpRequest) -> Identity | None:
    """Return who came back from a provider lately; it must still be set up as it was."""
    held = dict(request.session.get(PENDING) or {})
    if not held or time.time() - held.pop("at") > AGE:
        return None
    identity = Identity(**held)
    known = {(provider.id, provider.url) for provider in providers.enabled()}
    identity = replace(identity, groups=tuple(identity.groups))
    return identity if (identity.provider, identity.issuer) in known else None
