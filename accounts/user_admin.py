"""Accounts in admin: who they are and what they may do. What happens to their credentials is security's."""

from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import administrators, holds, ports, services
from accounts.administrators import Rights
from accounts.models import User
from accounts.permission_table import PermissionTable
from common import retries, version

LAST = _("The last administrator can be neither deleted, disabled nor demoted.")
ABOVE = _("This account does not stand below yours: only an administrator who may do everything may act on it.")
RANK = ("is_staff", "is_superuser")  # only administrators hand these on
REASON = _("Shown in the account's events and in the mail to its owner.")


class UserForm(forms.ModelForm[User]):
    """An account as an administrator sets it down."""

    actor: User  # put in by the page
    before = Rights()
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300, help_text=REASON)

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if "username" in self.changed_data and holds.held(name):
            raise forms.ValidationError(_("This username is taken."), code="held")
        return name

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())

    def clean_user_permissions(self) -> list[Permission]:
        """Keep what the account holds and who fills the form in may not touch."""
        chosen = list(self.cleaned_data["user_permissions"])
        if self.instance.pk:
            field = cast("forms.ModelMultipleChoiceField[Permission]", self.fields["user_permissions"])
            offered = {permission.pk for permission in field.queryset or ()}
            chosen += self.instance.user_permissions.exclude(pk__in=offered)
        return chosen

    def clean(self) -> dict[str, Any]:
        """Look at who is there now, under a lock: the transaction is that of the whole request."""
        data: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            self._judge(data)
        return data

    def _judge(self, data: dict[str, Any]) -> None:
        try:
            now = administrators.authorize(self.actor, self.instance, itself=True)
            self.before = administrators.rights(now)
            if not all(data.get(name, getattr(now, name)) for name in RANK):
                services.keep_an_administrator(now)
        except administrators.NotAllowed as error:
            raise forms.ValidationError(ABOVE, code="above") from error
        except services.AccountGone as error:
            raise forms.ValidationError(_("This account was deleted a moment ago."), code="gone") from error
        except services.LastAdministrator as error:
            raise forms.ValidationError(LAST, code="last") from error
        given = set(data.get("user_permissions", ())) ^ set(now.user_permissions.all())
        if (given or set(RANK) & set(self.changed_data)) and not data.get("reason"):
            self.add_error("reason", _("Say why the rights change."))


class UserAdmin(admin.ModelAdmin[User]):
    """An account: who it is, what it may do. Its money is the wallet's, its keys are its owner's.

    Nobody sees or sets a password here, and nobody changes an account that does not stand below theirs.
    """

    list_display = ("username", "email", "group", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "group")
    list_select_related = ("group",)
    search_fields = ("username", "email")
    ordering = ("username",)
    form = UserForm
    described: tuple[str, ...] = ()  # what a room above has to show of an account

    @admin.display(description=_("enabled"), boolean=True)
    def enabled(self, user: User) -> bool:
        """Show the switch; what turns it has a page that asks why."""
        return user.is_active

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> type[forms.ModelForm[User]]:
        """Return the form of who fills it in."""
        return type("UserForm", (super().get_form(request, obj, change, **kwargs),), {"actor": request.user})

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        known = ("username", "email", "group", *(("enabled",) if obj else ()), *RANK, "user_permissions")
        may_change = self.has_change_permission(request, obj) if obj else True
        return (*known, *(("reason",) if may_change else ()), *(self.described if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep switches from the form that have a page of their own, and ranks from who may not hand them on."""
        return ("enabled", *self.described, *(() if _user(request).is_superuser else RANK))

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the permissions that who looks at the page may hand on, of what the administration shows."""
        shown = ContentType.objects.get_for_models(*self.admin_site._registry).values()  # noqa: SLF001 (no other door)
        kinds = [kind.pk for kind in shown]
        kwargs["widget"] = PermissionTable
        kwargs["queryset"] = administrators.grantable(_user(request)).filter(content_type__in=kinds)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._below(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:  # noqa: FBT001
        """Store what was changed of the account and nothing else; a new one gets a wallet and no password."""
        obj.email = obj.email.lower()
        if change:
            if "email" in form.changed_data:  # mailed to the old address
                old, reason = User.objects.get(pk=obj.pk), form.cleaned_data["reason"]
                ports.record(old, "email-changed", actor=request.user, reason=reason)
            columns = {column.name for column in User._meta.concrete_fields}  # noqa: SLF001 (Django's own door)
            obj.save(update_fields=columns & set(form.changed_data))
        else:
            obj.set_unusable_password()
            obj.save()
            ports.opened(obj, 0)
        if "email" in form.changed_data:
            services.vouch(obj)
        version.bump()

    def save_related(self, request: HttpRequest, form: UserForm, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Store the permissions; what the account may do now, and could before, is written down and mailed."""
        super().save_related(request, form, formsets, change)
        after = administrators.rights(form.instance)
        before = form.before if change else Rights(group=after.group)
        changed = administrators.difference(before, after)
        if changed:
            reason = form.cleaned_data["reason"]
            ports.record(form.instance, "rights-changed", actor=request.user, reason=reason, detail=changed)

    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the accounts alone: all that hangs on them goes too, and may be millions of rows."""
        chosen = list(objs)
        names = [str(user) for user in chosen]
        kept = [] if services.spares_an_administrator(*chosen) else [str(LAST)]
        kept += [f"{user}: {ABOVE}" for user in chosen if not self._below(request, user)]
        return names, {str(User._meta.verbose_name_plural): len(names)}, set(), kept  # noqa: SLF001 (Django's own door)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, and delete. Django's view is one transaction, so it is that which begins anew after a deadlock."""
        return retries.retried(lambda: admin.ModelAdmin.delete_view(self, request, object_id, extra_context))

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete an account with all it has. Raises PermissionDenied where that was no longer allowed by now."""
        try:
            administrators.authorize(_user(request), obj, permission=administrators.DELETE, itself=True)
            services.delete(obj)
        except (administrators.NotAllowed, services.LastAdministrator, services.AccountGone) as error:
            raise PermissionDenied from error

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            try:
                retries.retried(partial(self.delete_model, request, user))
            except PermissionDenied:  # who may, or who is left, changed a moment ago
                self.message_user(request, _("%(name)s could not be deleted.") % {"name": user}, messages.ERROR)

    def _below(self, request: HttpRequest, obj: User | None) -> bool:
        """Return whether an account is one to act on: it stands below, or is an administrator's own."""
        actor = _user(request)
        return obj is None or administrators.may_act(actor, obj) or (actor.is_superuser and actor.pk == obj.pk)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
