"""Forms of this room: the filter of the ledger, and money booked by an administrator."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from common import money
from wallet.models import LedgerEntry


class LedgerFilter(forms.Form):
    """What an address asks for. A value that makes no sense is ignored, as if it were not there."""

    kind = forms.ChoiceField(choices=LedgerEntry.Kind.choices, required=False)
    before = forms.IntegerField(min_value=1, max_value=money.LARGEST, required=False)

    def asked(self) -> dict[str, Any]:
        """Return what was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


def new_reference() -> str:
    """Return a reference that makes a form sent twice book once."""
    return f"admin:{uuid4().hex}"


class BookingForm(forms.Form):
    """An amount in dollars and the reason for it."""

    amount = forms.DecimalField(label=_("Amount in USD"), min_value=Decimal("0.01"), max_digits=19, decimal_places=9)
    note = forms.CharField(label=_("Note"), max_length=200, help_text=_("Shown to the owner in the ledger."))
    reference = forms.CharField(max_length=80, widget=forms.HiddenInput, initial=new_reference)

    def clean_amount(self) -> int:
        """Return nano-USD. Raises ValidationError for more than a wallet can hold."""
        try:
            return money.from_usd(self.cleaned_data["amount"])
        except ValueError as error:
            raise forms.ValidationError(_("This is more than a wallet can hold.")) from error
