"""A secret in a form: written once, never shown, replaced by writing another."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SecretField(forms.CharField):
    """A field whose stored value is never sent to a browser; left empty, it keeps that value."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a CharField; what is asked for beyond them is up to the form."""
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        kept = _("Stored encrypted, never shown. Leave it empty to keep the one that is stored.")
        super().__init__(**{"required": False, "widget": widget, "help_text": kept, **options})
