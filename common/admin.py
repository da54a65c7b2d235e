"""Admin pages of two kinds: tables that are written by calls, and policies of which there is one row."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from solo.admin import SingletonModelAdmin

CAP = 10_000  # rows that a list counts and pages through; a search reaches the others


class CappedPaginator(Paginator[Any]):
    """Counts to the cap only: count(*) of a million rows would read them all."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:CAP].count())


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shows rows; nobody adds, changes or deletes one here."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PolicyAdmin(SingletonModelAdmin):
    """The one row of a policy. While there is none, looking shows the defaults and writes nothing; saving makes it."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        """Return the row, or one with every default that is not stored."""
        found: Model | None = super().get_object(request, object_id, from_field)
        return found or self.model(pk=self.singleton_instance_id)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, or save it."""
        if request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        extra = {"skip_object_list_page": True, **(extra_context or {})}
        return self.changeform_view(request, object_id, form_url, extra)
