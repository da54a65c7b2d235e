"""Credentials in admin: accounts and what is done to them; the operator's switches; sessions and events to look at."""

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import User
from common.admin import PolicyAdmin
from security import policy, sessions
from security.models import Event, SecurityPolicy, Session
from security.user_admin import ActingUserAdmin

admin.site.register(User, ActingUserAdmin)


@admin.register(SecurityPolicy)
class SecurityPolicyAdmin(PolicyAdmin):
    """Who needs a second factor, and what is offered."""

    def save_model(
        self,
        request: HttpRequest,
        obj: SecurityPolicy,
        form: forms.ModelForm[SecurityPolicy],
        change: bool,  # noqa: FBT001
    ) -> None:
        """Store the switches; the days of grace begin where more people need a second factor than before."""
        policy.require(obj, form.initial.get("second_factor") or SecurityPolicy().second_factor)
        super().save_model(request, obj, form, change)


class ReadOnlyAdmin(admin.ModelAdmin[Model]):
    """A list without pages behind it: nothing of it is added, changed or removed here."""

    actions = None
    list_display_links = None  # no page of one row, so that no row's key is in an address
    list_select_related = ("user",)
    search_fields = ("user__username",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened to credentials, newest first."""

    list_display = ("created_at", "user", "kind", "actor", "reason", "detail")
    list_filter = ("kind",)
    ordering = ("-id",)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in, and with what; an account's sessions are ended on its own page. Keys are never shown."""

    list_display = ("user", "agent", "created_at", "seen_at")
    ordering = ("-seen_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).filter(sessions.alive(), user__isnull=False)
