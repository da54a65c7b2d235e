"""The filters of the usage log, as they stand in its address."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import money
from usage.models import CallLog

HOURS = {"24h": 24, "7d": 7 * 24, "30d": 30 * 24, "all": None}
DEFAULT_PERIOD = "30d"
NAME = 200  # characters of the longest name of a model


class FilterForm(forms.Form):
    """What an address asks for. A value that makes no sense is ignored, as if it were not there."""

    kind = forms.ChoiceField(label=_("Kind"), choices=CallLog.Kind.choices, required=False)
    model = forms.CharField(label=_("Model"), max_length=NAME, required=False, widget=forms.Select)
    key = forms.CharField(label=_("API key"), max_length=NAME, required=False, widget=forms.Select)
    period = forms.ChoiceField(
        label=_("Period"),
        choices=[
            ("24h", _("Last 24 hours")),
            ("7d", _("Last 7 days")),
            ("30d", _("Last 30 days")),
            ("all", _("All time")),
        ],
        required=False,
    )
    request = forms.CharField(
        label=_("Request id"),
        max_length=NAME,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "req_…", "autocomplete": "off", "class": "mono"}
        ),
    )
    before = forms.IntegerField(min_value=1, max_value=money.LARGEST, required=False, widget=forms.HiddenInput)

    def asked(self) -> Mapping[str, Any]:
        """Return what was asked for and makes sense; the period is always there."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return {"period": DEFAULT_PERIOD, **given}

    def offer(self, name: str, values: Sequence[str], every: str) -> None:
        """Fill the select `name`; what the address names is offered too, so that the page says what it shows."""
        asked = self.asked().get(name, "")
        listed = values if not asked or asked in values else [*values, asked]
        widget = self.fields[name].widget
        if isinstance(widget, forms.Select):
            widget.choices = [("", every), *((value, value) for value in listed)]
