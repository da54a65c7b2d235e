"""The choice whether calls are logged with the client's address."""

from django import forms
from django.utils.translation import gettext_lazy as _

SWITCH = forms.CheckboxInput(attrs={"role": "switch"})


class RecordingForm(forms.Form):
    """One switch."""

    record_ip = forms.BooleanField(label=_("Record the IP address of calls and errors"), required=False, widget=SWITCH)
