"""Channels, API keys and server processes for administrators."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common import version
from common.admin import ReadOnlyAdmin
from gateway import channels, keys, probe
from gateway.channel_forms import ChannelForm, ChannelKeyForm, RouteForm
from gateway.channel_rules import InvalidChannel
from gateway.models import ApiKey, Channel, ChannelKey, Route, Worker


class RouteInline(admin.StackedInline[Route, Channel]):
    model = Route
    form = RouteForm
    extra = 1
    fields = (("model", "upstream_model"),)


class ChannelKeyInline(admin.StackedInline[ChannelKey, Channel]):
    model = ChannelKey
    form = ChannelKeyForm
    extra = 0
    fields = (("suffix", "secret"), ("state", "rest_until"), "last_error")
    readonly_fields = ("suffix", "rest_until", "last_error")


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin[Channel]):
    """An upstream with its models and keys; every change reaches every worker within a second."""

    form = ChannelForm
    inlines = (RouteInline, ChannelKeyInline)
    list_display = ("name", "kind", "base_url", "served", "key_states", "priority", "weight", "enabled")
    list_filter = ("enabled", "kind")
    search_fields = ("name", "base_url", "routes__model")
    ordering = ("-priority", "name")
    actions = ("test", "enable", "disable")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Return the channels with what the list shows of them."""
        return super().get_queryset(request).prefetch_related("routes", "keys")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        version.bump()

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        super().delete_model(request, obj)
        version.bump()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        super().delete_queryset(request, queryset)
        version.bump()

    @admin.display(description=_("models"))
    def served(self, obj: Channel) -> str:
        names = sorted(route.model for route in obj.routes.all())
        return ", ".join(names[:5]) + (f" … ({len(names)})" if len(names) > 5 else "")  # noqa: PLR2004

    @admin.display(description=_("keys"))
    def key_states(self, obj: Channel) -> str:
        return ", ".join(f"…{key.suffix} {key.get_state_display()}" for key in obj.keys.all())

    @admin.action(description=_("Test with a tiny live call"), permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Try the keys of the selected channels and say how each fares."""
        for channel in queryset:
            try:
                results = probe.test(channel)
            except InvalidChannel as refusal:
                self.message_user(request, f"{channel}: {refusal}", messages.ERROR)
                continue
            for result in results:
                level = messages.SUCCESS if result.works else messages.ERROR
                key = f" …{result.key}" if result.key else ""
                self.message_user(request, f"{channel}{key}: {result.words}", level)

    @admin.action(description=_("Enable, with all keys"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        for channel in queryset:
            channels.enable(channel)

    @admin.action(description=_("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        for channel in queryset:
            channels.disable(channel)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Keys of all accounts: to find one and to switch it off. Their rules are their owners'."""

    list_display = ("name", "user", "hint", "key_class", "enabled", "expires_at", "last_used_at")
    list_filter = ("enabled", "key_class")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "prefix", "suffix")
    ordering = ("-pk",)
    fields = (
        *("user", "name", "hint", "key_class", "limit", "period", "allowed_models", "subnets", "expires_at"),
        *("last_used_at", "created_at", "enabled"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Return all but the switch."""
        return tuple(name for name in self.fields if name != "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a secret is shown to its owner only."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        (keys.enable if obj.enabled else keys.disable)(obj)

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        keys.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            keys.delete(key)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Server processes and their heartbeats."""

    list_display = ("id", "started", "beat")
    ordering = ("id",)
    fields = list_display

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, obj: Worker) -> datetime:
        return datetime.fromtimestamp(obj.started_at, UTC)

    @admin.display(description=_("last beat"), ordering="beat_at")
    def beat(self, obj: Worker) -> datetime:
        return datetime.fromtimestamp(obj.beat_at, UTC)
