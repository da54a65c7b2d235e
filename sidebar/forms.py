"""What an account hides."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sidebar.modules import SETTINGS


class HidingForm(forms.Form):
    """Names of areas and modules; what is not sent is shown, so that a form of yesterday hides nothing new."""

    hidden = forms.MultipleChoiceField(
        label=_("Hidden"),
        required=False,
        error_messages={"invalid_choice": _("“%(value)s” can't be hidden: it is unknown, or your administrator's.")},
    )

    def __init__(self, *args: Any, offered: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hidden"].choices = [(name, name) for name in (*sorted(offered), SETTINGS)]  # type: ignore[attr-defined]

    def clean_hidden(self) -> list[str]:
        """Return the names. Raises ValidationError for the settings, which stay."""
        names: list[str] = self.cleaned_data["hidden"]
        if SETTINGS in names:
            raise forms.ValidationError(_("Settings can't be hidden: they are the way back."))
        return names
