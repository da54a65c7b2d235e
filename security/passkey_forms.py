"""Forms of passkeys."""

from django import forms
from django.utils.translation import gettext_lazy as _

from security import passkeys


class NameForm(forms.Form):
    """How a passkey is called."""

    name = forms.CharField(
        label=_("Name"),
        max_length=passkeys.LONGEST_NAME,
        help_text=_("What you will know it by: the device, or the password manager, that keeps it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    def clean_name(self) -> str:
        try:
            return passkeys.checked_name(self.cleaned_data["name"])
        except passkeys.InvalidName as error:
            raise forms.ValidationError(_("A name has 1 to 64 characters, on one line.")) from error
