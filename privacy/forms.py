"""What an account lets be recorded, and the operator's policy."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.models import PrivacyPolicy

SWITCH = forms.CheckboxInput(attrs={"role": "switch"})
FORBIDDEN = _("Your administrator doesn't allow recording addresses.")


class RecordingForm(forms.Form):
    """Two switches. Where the operator forbids recording, the first is shown off and locked, and left as it was."""

    record_ip = forms.BooleanField(label=_("Record request and error log IP"), required=False, widget=SWITCH)
    keep_prompts = forms.BooleanField(label=_("Keep the prompts of my drawings"), required=False, widget=SWITCH)

    def __init__(self, *args: Any, allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed
        if not allowed:
            self.initial["record_ip"] = False
            self.fields["record_ip"].widget.attrs["disabled"] = True

    def clean_record_ip(self) -> bool:
        """Return the choice. Raises ValidationError for recording where the operator forbids it."""
        wanted: bool = self.cleaned_data["record_ip"]
        if wanted and not self.allowed:
            raise forms.ValidationError(FORBIDDEN)
        return wanted

    def clean(self) -> dict[str, Any]:
        """Return what is to be stored: of a locked switch nothing was said."""
        cleaned = super().clean() or self.cleaned_data
        if not self.allowed:
            cleaned.pop("record_ip", None)
        return cleaned


class PolicyForm(forms.ModelForm[PrivacyPolicy]):
    """The operator's rules. Errors are calls too, so they go with them at the latest."""

    class Meta:
        model = PrivacyPolicy
        fields = ("allow_recording", "call_days", "error_days")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        calls, errors = cleaned.get("call_days"), cleaned.get("error_days")
        if calls and errors and errors > calls:
            self.add_error("error_days", _("Keep errors no longer than calls."))
        return cleaned
