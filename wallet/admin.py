"""Wallets for administrators: rows are only shown, money moves through the ledger's verbs."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from common import money
from common.admin import ReadOnlyAdmin
from wallet import ledger
from wallet.forms import BookingForm
from wallet.models import Hold, LedgerEntry, Wallet, WalletEvent


def dollars(column: str, label: Any) -> Callable[[Any], str]:
    """Return a column of a list that shows nano-USD as dollars."""

    @admin.display(description=label, ordering=column)
    def shown(row: Any) -> str:
        return money.small(getattr(row, column))

    return shown


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    """Its pages "Credit" and "Debit" book an amount with a note that the owner reads."""

    list_display = (
        "user",
        dollars("balance", _("free")),
        dollars("held", _("held")),
        dollars("owed", _("owed")),
        dollars("credit_limit", _("credit limit")),
    )
    list_select_related = ("user",)
    ordering = ("user_id",)
    search_fields = ("user__username", "user__email")
    change_form_template = "admin/wallet/wallet/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        book = self.admin_site.admin_view(self.book)
        return [
            path("<int:pk>/credit/", book, {"verb": "credit"}, name="wallet_wallet_credit"),
            path("<int:pk>/debit/", book, {"verb": "debit"}, name="wallet_wallet_debit"),
            *super().get_urls(),
        ]

    def book(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Ask for an amount and a note, and book them once. Raises PermissionDenied for who may not change wallets."""
        if not request.user.has_perm("wallet.change_wallet"):
            raise PermissionDenied
        wallet = Wallet.objects.select_related("user").filter(pk=pk).first()
        if wallet is None:
            raise Http404
        form = BookingForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._booked(request, wallet, verb, form):
            return redirect(reverse("admin:wallet_wallet_change", args=[quote(str(pk))]))
        title = _("Credit a wallet") if verb == "credit" else _("Debit a wallet")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "form": form,
            "wallet": wallet,
            "balance": ledger.balance(pk),
            "verb": verb,
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/wallet/wallet/book.html", context, status=status)

    def _booked(self, request: HttpRequest, wallet: Wallet, verb: str, form: BookingForm) -> bool:
        amount, note = form.cleaned_data["amount"], form.cleaned_data["note"]
        move = ledger.credit if verb == "credit" else ledger.debit
        try:
            first = move(wallet.pk, amount, reference=form.cleaned_data["reference"], note=note)
        except ledger.InsufficientBalance:
            form.add_error("amount", _("The free balance does not cover this."))
            return False
        except ledger.InvalidEntry:
            form.add_error("amount", _("This is more than a wallet can hold."))
            return False
        if first:
            self.log_change(request, wallet, f"{verb}: {money.plain(amount)} USD, {note}")
            messages.success(request, _("Booked %(amount)s.") % {"amount": money.small(amount)})
        else:
            messages.info(request, _("This had been booked before; nothing was changed."))
        return True


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Searched by reference or by the name of an account."""

    list_display = ("created_at", "wallet", "kind", dollars("amount", _("amount")), "reference", "note")
    list_filter = ("kind",)
    list_select_related = ("wallet__user",)
    ordering = ("-id",)
    search_fields = ("=reference", "=wallet__user__username")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Money set aside for calls in flight."""

    list_display = ("id", "wallet", dollars("amount", _("amount")), "model", "api_key", "channel", "worker", "stream")
    list_select_related = ("wallet__user",)
    ordering = ("-id",)
    search_fields = ("=model", "=wallet__user__username")


@admin.register(WalletEvent)
class WalletEventAdmin(ReadOnlyAdmin):
    """What a commit noticed about a wallet."""

    list_display = ("created_at", "wallet", "kind", dollars("total", _("total")), "expanded_at")
    list_select_related = ("wallet__user",)
    ordering = ("-id",)
    search_fields = ("=wallet__user__username",)
