"""The accounts of admin, with pages for what is done to their credentials. No secret is ever shown, and none is set."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import administrators
from accounts.models import User
from accounts.user_admin import UserAdmin
from security import factors, recovery, resets, sessions
from security.models import AccessToken, Passkey
from security.user_actions import ACTIONS, REFUSALS, REFUSED, Action, ReasonForm

MOST = 100  # accounts at once
REVOKED = _("Calls with it are refused at once.")
LONGEST_NUMBER = 18  # digits that a column of keys can hold
Leading = Callable[["ActingUserAdmin", HttpRequest, QuerySet[User]], HttpResponse]


def _leading(action: Action) -> Leading:
    """Return an action of the list of accounts that leads to the page which asks why."""

    def lead(page: "ActingUserAdmin", request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse:
        chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(chosen) > MOST:
            page.message_user(request, _("Choose at most %(n)s accounts.") % {"n": MOST}, messages.ERROR)
            return redirect("admin:accounts_user_changelist")
        return redirect(address(action, *chosen))

    lead.__name__ = action.id.replace("-", "_")
    return cast(Leading, admin.action(lead, description=cast(Any, action.title), permissions=["change"]))


def address(action: Action, *chosen: int) -> str:
    """Return the page that asks why, for these accounts."""
    query = urlencode({"ids": ",".join(map(str, chosen))})
    return f"{reverse('admin:accounts_user_act', args=[action.id])}?{query}"


class ActingUserAdmin(UserAdmin):
    """Accounts, and the actions on them: each has a page that asks for a reason."""

    actions = [_leading(action) for action in ACTIONS.values()]
    described = ("second_factor", "passkeys", "signed_in")
    change_form_template = "admin/accounts/user/change_form.html"

    @admin.display(description=_("Two-factor authentication"))
    def second_factor(self, user: User) -> str:
        if not factors.enabled(user):
            return str(_("off"))
        left = recovery.left(user)
        return ngettext("on, %(n)s recovery code left", "on, %(n)s recovery codes left", left) % {"n": left}

    @admin.display(description=_("Passkeys"))
    def passkeys(self, user: User) -> int:
        return Passkey.objects.filter(user=user).count()

    @admin.display(description=_("Sessions"))
    def signed_in(self, user: User) -> int:
        return len(sessions.of(user))

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("act/<slug:action>/", guarded(self.act), name="accounts_user_act"),
            path("<int:pk>/tokens/<int:token>/", guarded(self.revoke_token), name="accounts_user_revoke_token"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the account with what may be done to it, and its access tokens."""
        user = self.get_object(request, object_id)
        more = dict(extra_context or {})
        if user:
            usable = administrators.may_act(_user(request), user) and self.has_change_permission(request)
            others = (action for action in ACTIONS.values() if action.id != ("enable" if user.is_active else "disable"))
            more["acts"] = [(action.title, address(action, user.pk)) for action in others] if usable else []
            more["tokens"], more["usable"] = AccessToken.objects.filter(user=user).order_by("-created_at"), usable
        return super().change_view(request, object_id, form_url, more)

    def act(self, request: HttpRequest, action: str) -> HttpResponse:
        """Ask for a reason, and do what an action says to each of the chosen accounts."""
        chosen, users = ACTIONS.get(action), _chosen(request)
        if chosen is None or not users:
            raise Http404
        below = self._below_only(request, users)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            refused = len(users) - len(below)
            said = {"title": chosen.title, "sentence": chosen.sentence, "users": below, "refused": refused}
            return self._ask(request, form, said)
        reason, actor = form.cleaned_data["reason"], _user(request)
        for user in below:
            self._do(request, user, f"{chosen.title}: {reason}", partial(chosen.verb, actor, user, reason))
        return self._leave(users)

    def revoke_token(self, request: HttpRequest, pk: int, token: int) -> HttpResponse:
        """Ask for a reason, and revoke an access token of somebody."""
        found = AccessToken.objects.select_related("user").filter(pk=token, user=pk).first()
        if found is None:
            raise Http404
        users = self._below_only(request, [found.user])
        form = ReasonForm(request.POST if request.method == "POST" else None)
        title = _("Revoke the access token %(name)s") % {"name": found.name}
        if not form.is_valid():
            return self._ask(request, form, {"title": title, "sentence": REVOKED, "users": users})
        reason = form.cleaned_data["reason"]
        self._do(request, found.user, f"{title}: {reason}", partial(resets.revoke_token, _user(request), found, reason))
        return self._leave(users)

    def _below_only(self, request: HttpRequest, users: list[User]) -> list[User]:
        """Return the accounts that may be acted on. Raises PermissionDenied where that is none of them."""
        below = [user for user in users if administrators.may_act(_user(request), user)]
        if not below or not self.has_change_permission(request):
            raise PermissionDenied
        return below

    def _ask(self, request: HttpRequest, form: ReasonForm, said: Mapping[str, object]) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form, **said}
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/accounts/user/act.html", context, status=status)

    def _do(self, request: HttpRequest, user: User, words: str, work: Callable[[], bool]) -> None:
        """Do it to one account, and say what became of it."""
        try:
            with transaction.atomic():
                done = work()
                if done:
                    self.log_change(request, user, words)
        except REFUSED as refusal:
            self.message_user(request, f"{REFUSALS[type(refusal)]} ({user})", messages.ERROR)
            return
        if done:
            self.message_user(request, _("Done for %(name)s.") % {"name": user}, messages.SUCCESS)
        else:
            self.message_user(request, _("There was nothing to do for %(name)s.") % {"name": user}, messages.INFO)

    def _leave(self, users: list[User]) -> HttpResponse:
        """Lead back: to the account, or to the list where there were several."""
        if len(users) == 1:
            return redirect("admin:accounts_user_change", users[0].pk)
        return redirect("admin:accounts_user_changelist")


def _chosen(request: HttpRequest) -> list[User]:
    """Return the accounts that the address of a page names."""
    numbers = request.GET.get("ids", "").split(",", MOST)[:MOST]
    keys = {int(text) for text in numbers if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER}
    return list(User.objects.filter(pk__in=keys).order_by("username"))


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
