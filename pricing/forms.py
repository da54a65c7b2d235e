"""The choice whether models without a price may be called."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

SWITCH = forms.CheckboxInput(attrs={"role": "switch"})


class SafeguardForm(forms.Form):
    """One switch; it can always be turned off, and on only where the operator lets users do so."""

    accept_unpriced = forms.BooleanField(label=_("Accept models without a price"), required=False, widget=SWITCH)

    def __init__(self, *args: Any, allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed
        if not allowed and not self.initial.get("accept_unpriced"):
            self.fields["accept_unpriced"].widget.attrs["disabled"] = True

    def clean_accept_unpriced(self) -> bool:
        """Return the choice. Raises ValidationError for accepting what the operator forbids."""
        accepted: bool = self.cleaned_data["accept_unpriced"]
        if accepted and not self.allowed:
            raise forms.ValidationError(_("Your administrator doesn't allow models without a price."))
        return accepted
