"""Prices and their rules for administrators: USD per million tokens, a history that nobody edits."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common import version
from common.admin import PolicyAdmin
from common.money import plain
from pricing import prices
from pricing.models import Price, PricingPolicy
from pricing.price_forms import PolicyForm, PriceForm

STAMPS = ("source", "created_at", "superseded_at")
PER_MILLION = ("input", "output", "cached_input", "cache_write", "reasoning", "audio_input", "audio_output")
FOR_ONE = ("per_call", "per_image", "per_second")


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin[Price]):
    """History to read, prices to add and to retire."""

    form = PriceForm
    list_display = (
        "model",
        "channel",
        "state",
        "input_usd",
        "output_usd",
        "cached_usd",
        "source",
        "created_at",
        "live",
    )
    list_filter = (("superseded_at", admin.EmptyFieldListFilter), "state", "source")
    search_fields = ("model", "channel")
    ordering = ("model", "channel", "-pk")
    actions = ("retire",)
    fieldsets = (
        (None, {"fields": ("model", "channel", "free")}),
        (_("USD per million tokens"), {"fields": PER_MILLION}),
        (_("USD for one"), {"fields": FOR_ONE}),
        (_("limits in tokens"), {"fields": ("context", "max_output")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Price | None = None) -> Any:
        """Return the form for a new price, a summary for a stored one."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("model", "channel", "state", "rates", "steps", "context", "max_output", *STAMPS)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> tuple[str, ...]:
        """Return what a stored row shows beside its own columns."""
        return () if obj is None else ("rates", "steps", *STAMPS)

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        """Refuse: what was charged must stay explained."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        """Refuse, for the same reason."""
        return False

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Price:
        """Set the price; the verb stores the row, so that the two steps after this one have nothing to do."""
        row: Price = form.publish()
        return row

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: Any) -> None: ...

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None: ...

    @admin.action(description=_("Retire the selected prices: their models become unpriced"), permissions=["add"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Price]) -> None:
        """End the selected live prices; superseded rows are left alone."""
        live = list(queryset.filter(superseded_at=None))
        for row in live:
            prices.retire(row.model, row.channel)
        text = ngettext("%(count)d price retired.", "%(count)d prices retired.", len(live))
        self.message_user(request, text % {"count": len(live)}, messages.SUCCESS)

    @admin.display(description=_("input"), ordering="input")
    def input_usd(self, obj: Price) -> str:
        return _amount(obj, "input")

    @admin.display(description=_("output"), ordering="output")
    def output_usd(self, obj: Price) -> str:
        return _amount(obj, "output")

    @admin.display(description=_("cached input"), ordering="cached_input")
    def cached_usd(self, obj: Price) -> str:
        return _amount(obj, "cached_input")

    @admin.display(description=_("live"), boolean=True)
    def live(self, obj: Price) -> bool:
        return obj.superseded_at is None

    @admin.display(description=_("rates"))
    def rates(self, obj: Price) -> str:
        """Return every rate in a sentence."""
        if obj.state == Price.State.FREE:
            return str(_("free"))
        named = [(name, getattr(obj, name)) for name in (*PER_MILLION, *FOR_ONE)]
        return ", ".join(f"{PriceForm.base_fields[name].label} ${plain(nano)}" for name, nano in named if nano)

    @admin.display(description=_("tiers"))
    def steps(self, obj: Price) -> str:
        """Return every tier in a sentence."""
        return "; ".join(
            f"> {tier['above']}: "
            + ", ".join(f"{name} ${plain(nano)}" for name, nano in tier.items() if name != "above")
            for tier in obj.tiers
        )


@admin.register(PricingPolicy)
class PricingPolicyAdmin(PolicyAdmin):
    """The operator's rules for models without a price, at once for every worker."""

    form = PolicyForm
    fieldsets = (
        (None, {"fields": ("allow_unpriced",)}),
        (_("USD per million tokens"), {"fields": ("fallback_input", "fallback_output")}),
    )

    def save_model(self, request: HttpRequest, obj: PricingPolicy, form: Any, change: Any) -> None:
        """Store the rules and move the version, in the one transaction of the page."""
        super().save_model(request, obj, form, change)
        version.bump()


def _amount(row: Price, name: str) -> str:
    if row.state == Price.State.FREE:
        return str(_("free"))
    nano = getattr(row, name)
    return "" if nano is None else f"${plain(nano)}"
