"""The way to an identity provider and back: to sign in, to bind, to confirm who is there; and to unbind.

Nobody leaves by a link: each way begins with a form of ours. What the browser is sent on with is a page and no
redirect, since `form-action 'self'` holds for what a redirect leads to as well (CSP Level 3, 6.4.1).
"""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import http, identities, invites, limits, provider_rules, providers
from accounts.identities import Identity
from accounts.models import User
from accounts.providers import Provider
from security import allauth_glue, flows, github, oidc, sudo
from security.exchange import ProviderDown, Refused
from security.flows import Action
from security.models import Flow
from security.sudo import sudo_required
from security.views import provider_sign_up, step_up

PROFILE = "settings_profile"
BAD_REQUEST, FAILED_DEPENDENCY = 400, 424


@login_not_required  # it is a way to sign in
@require_POST
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Leave for a provider to sign in, or to make an account."""
    if request.user.is_authenticated:
        return redirect("overview")
    invite = invites.offered(request.POST.get(invites.PARAMETER, ""))
    request.session[provider_sign_up.INVITE] = invite.pk if invite else None
    return _leave(request, provider_id, Action.SIGN_IN, back=http.safe_path(request.POST.get("next", "")) or "")


@require_POST
@sudo_required
def bind(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Leave for a provider to bind an account there to this one."""
    return _leave(request, provider_id, Action.BIND)


@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Ask to sign in again at a provider, and leave for it."""
    elsewhere = step_up.offer(request, "provider")
    if elsewhere:
        return elsewhere
    fitting = [found for found in identities.usable(cast(User, request.user)) if not found.is_github]
    shown = step_up.context(request, "provider")
    chosen = request.POST.get("provider")
    if chosen in {found.id for found in fitting}:
        return _leave(request, chosen, Action.SUDO, back=str(shown["next"]))
    return render(request, "security/sudo_provider.html", {**shown, "providers": fitting})


@login_not_required  # who signs in comes back here
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """End a visit to a provider: sign in, bind, or confirm, as it was begun for."""
    provider = _provider(provider_id)
    user = request.user if request.user.is_authenticated else None
    try:
        limits.take(limits.PROVIDER, http.network(request))
        flow, carried = flows.claim(
            request.GET.get("state", ""), request.session.session_key or "", provider.id, user=user
        )
        identity = _identify(provider, carried, request, login=flow.action == Action.SUDO)
    except limits.TooManyTries as reached:
        return http.limited(request, reached, reset=False)
    except flows.Stale:
        return _failed(request, provider, "stale")
    except Refused:
        return _failed(request, provider, "declined" if "error" in request.GET else "refused")
    except provider_rules.NotAdmitted:
        return _failed(request, provider, "domain")
    except ProviderDown:
        return _failed(request, provider, "down")
    return ENDS[flow.action](request, provider, identity, flow)


@require_POST
@sudo_required
def unbind(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take an account elsewhere away from this one."""
    try:
        identities.unbind(cast(User, request.user), pk, session_key=request.session.session_key)
    except identities.NotBound as error:
        raise Http404 from error
    except identities.LastWayIn:
        messages.error(request, _("This is the last way into your account. Choose a password or add a passkey first."))
    except identities.SoleWay:
        messages.error(request, _("Your account signs in by one provider alone."))
    else:
        messages.success(request, _("Unbound."))
    return redirect(PROFILE)


def _leave(request: HttpRequest, provider_id: str, action: str, *, back: str = "") -> HttpResponseBase:
    provider = _provider(provider_id)
    user = request.user if request.user.is_authenticated else None
    try:
        limits.take(limits.PROVIDER, http.network(request))
    except limits.TooManyTries as reached:
        return http.limited(request, reached, reset=False)
    if not request.session.session_key:
        request.session.create()
    request.session.modified = True
    carried = flows.begin(cast(str, request.session.session_key), provider.id, action, user=user, back=back)
    try:
        url = (
            github.leave(provider, carried)
            if provider.is_github
            else oidc.leave(provider, carried, login=action == Action.SUDO)
        )
    except ProviderDown:
        return _failed(request, provider, "down")
    return render(request, "account/provider_leave.html", {"provider": provider, "url": url})


def _identify(provider: Provider, carried: flows.Secrets, request: HttpRequest, *, login: bool) -> Identity:
    if "error" in request.GET:
        raise Refused
    if provider.is_github:
        return github.identify(provider, carried, request.GET)
    identity = oidc.identify(provider, carried, request.GET, login=login)
    provider_rules.check(provider, identity)
    return identity


def _signed_in(request: HttpRequest, provider: Provider, identity: Identity, flow: Flow) -> HttpResponseBase:
    try:
        owner = provider_rules.enter(identity)
    except identities.SoleWay:
        return _failed(request, provider, "another")
    if owner is None:
        return provider_sign_up.begin(request, identity)
    return allauth_glue.sign_in(request, owner, method=provider.id, back=flow.next, proven=identity.proven)


def _bound(request: HttpRequest, provider: Provider, identity: Identity, _flow: Flow) -> HttpResponseBase:
    try:
        identities.bind(cast(User, request.user), identity, session_key=request.session.session_key)
    except identities.BoundElsewhere:
        text = _("This account of %(provider)s is already bound to another account here.")
        messages.error(request, text % {"provider": provider.name})
    except identities.AlreadyBound:
        text = _("Your account is bound to another one of %(provider)s. Unbind that first.")
        messages.error(request, text % {"provider": provider.name})
    except identities.SoleWay:
        messages.error(request, _("Your account signs in by one provider alone."))
    else:
        messages.success(request, _("Bound to %(provider)s.") % {"provider": provider.name})
    return redirect(PROFILE)


def _confirmed(request: HttpRequest, provider: Provider, identity: Identity, flow: Flow) -> HttpResponseBase:
    offered = {method.id for method in sudo.offered(cast(User, request.user))}
    if identities.owner(identity) != request.user or "provider" not in offered:
        return step_up.refused(request, "provider") or _failed(request, provider, "refused")
    sudo.grant(request, "provider")
    return redirect(flow.next or reverse("overview"))


ENDS: dict[str, Callable[[HttpRequest, Provider, Identity, Flow], HttpResponseBase]] = {
    Action.SIGN_IN: _signed_in,
    Action.BIND: _bound,
    Action.SUDO: _confirmed,
}


def _provider(provider_id: str) -> Provider:
    try:
        return providers.get(provider_id)
    except providers.Unknown as error:
        raise Http404 from error


def _failed(request: HttpRequest, provider: Provider, why: str) -> HttpResponse:
    """Say that nothing came of a visit, and how to go on; what the provider said is not shown."""
    status = FAILED_DEPENDENCY if why == "down" else BAD_REQUEST
    return render(request, "account/provider_failed.html", {"provider": provider, "why": why}, status=status)
