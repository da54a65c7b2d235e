"""The log of calls for administrators: to look things up, not to change them."""

from datetime import datetime

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common import callids, money
from common.admin import ReadOnlyAdmin
from usage.models import CallLog


@admin.register(CallLog)
class CallLogAdmin(ReadOnlyAdmin):
    """Searched by request id, by the name of a model, or by the name of an account."""

    list_display = ("moment", "request_id", "user", "kind", "status", "code", "model", "api_key", "channel", "charged")
    list_filter = ("kind",)
    list_select_related = ("user",)
    ordering = ("-id",)
    search_fields = ("model",)
    search_help_text = _("A request id, or the exact name of a model or an account.")

    @admin.display(description=_("time"))
    def moment(self, call: CallLog) -> datetime:
        """Return when the call began."""
        return callids.moment(call.id)

    @admin.display(description=_("request id"))
    def request_id(self, call: CallLog) -> str:
        """Return the text form of its id."""
        return callids.request_id(call.id)

    @admin.display(description=_("charge"))
    def charged(self, call: CallLog) -> str:
        """Return the charge in dollars."""
        return money.small(call.charge)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CallLog], search_term: str
    ) -> tuple[QuerySet[CallLog], bool]:
        """Look up exactly: no index carries a search for parts of names."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        try:
            return queryset.filter(pk=callids.call_id(term)), False
        except ValueError:
            return queryset.filter(Q(model=term) | Q(user__username=term)), False
