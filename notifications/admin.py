"""What left the house, and what did not: to look at, not to change."""

from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin[Delivery]):
    """Deliveries, newest first, without what was in them."""

    list_display = ("created_at", "subject", "user", "method", "state", "attempts", "next_at", "result")
    list_filter = ("state", "method", "event")
    list_select_related = ("user",)
    search_fields = ("user__username", "subject")
    ordering = ("-id",)
    fields = readonly_fields = (
        "user", "event", "method", "subject", "state", "attempts", "next_at", "result", "created_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False
