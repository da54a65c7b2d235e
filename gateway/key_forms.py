"""What the keys page asks for."""

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import money
from gateway import expiry, keys, offers
from gateway.key_list import Row, Status
from gateway.key_rules import InvalidSubnet
from gateway.key_rules import subnets as clean_subnets
from gateway.models import ApiKey

RECENT = timedelta(days=7)


class Ends(TextChoices):
    """How the end of a key is chosen."""

    NEVER = "never", _("Never")
    MONTH = "30", _("30 days")
    QUARTER = "90", _("90 days")
    DATE = "date", _("Pick a date")


class FilterForm(forms.Form):
    """What the address of the list asks for; nonsense is ignored."""

    q = forms.CharField(max_length=64, required=False)
    status = forms.ChoiceField(choices=Status.choices, required=False)

    def asked(self) -> dict[str, str]:
        """Return search and status, empty where not asked for."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class KeyForm(forms.Form):
    """A new key and what it has to obey."""

    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "staging-backend", "data-autofocus": True}),
    )
    limit = forms.DecimalField(
        label=_("Limit in US dollars"),
        required=False,
        decimal_places=9,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0"}),
    )
    period = forms.ChoiceField(
        label=_("Resets"), choices=ApiKey.Period.choices, initial=ApiKey.Period.MONTH, widget=forms.RadioSelect
    )
    expires = forms.ChoiceField(
        label=_("Expires"), choices=Ends.choices, initial=Ends.NEVER, required=False, widget=forms.RadioSelect
    )
    expires_at = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    allowed_models = forms.MultipleChoiceField(label=_("Models"), required=False, widget=forms.CheckboxSelectMultiple)
    subnets = forms.CharField(
        label=_("Allowed IPs"),
        required=False,
        max_length=5_000,
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "203.0.113.0/24", "autocomplete": "off"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = self.fields["allowed_models"]
        if isinstance(names, forms.MultipleChoiceField):
            names.choices = [(name, name) for name in offers.models(user)]

    def clean_limit(self) -> int | None:
        """Return nano-USD."""
        usd = self.cleaned_data["limit"]
        try:
            return None if usd is None else money.from_usd(usd)
        except ValueError as error:
            raise forms.ValidationError(_("Enter an amount in US dollars, like 25 or 0.50.")) from error

    def clean_subnets(self) -> list[str]:
        """Return CIDRs from a list with commas, spaces or lines between."""
        try:
            return clean_subnets(re.split(r"[\s,;]+", self.cleaned_data["subnets"]))
        except InvalidSubnet as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        """Ask for the day where one is to be picked."""
        data = self.cleaned_data
        if data.get("expires") == Ends.DATE and data.get("expires_at") is None and "expires_at" not in self.errors:
            self.add_error("expires_at", _("Choose a day in the future, within a hundred years."))
        return data

    def expires_at_moment(self) -> datetime | None:
        """Return when the key ends, None for never."""
        choice = self.cleaned_data["expires"] or Ends.NEVER
        if choice == Ends.NEVER:
            return None
        if choice == Ends.DATE:
            return expiry.end_of(self.cleaned_data["expires_at"])
        return timezone.now() + timedelta(days=int(choice))

    def rules(self) -> keys.Rules:
        """Return what the verb takes."""
        data = self.cleaned_data
        return {
            "limit": data["limit"],
            "period": data["period"],
            "allowed_models": data["allowed_models"],
            "subnets": data["subnets"],
            "expires_at": self.expires_at_moment(),
        }


class DeleteForm(forms.Form):
    """The deletion of a key: one used lately must be named."""

    confirm = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, row: Row, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = row.key.name
        self.in_use = row.key.last_used_at is not None and row.key.last_used_at > timezone.now() - RECENT
        confirm = self.fields["confirm"]
        confirm.label = _("Type %(name)s to confirm") % {"name": self.name}
        confirm.required = self.in_use
        confirm.widget.attrs["pattern"] = re.sub(r"([\\^$.*+?()[\]{}|/])", r"\\\1", self.name)

    def clean_confirm(self) -> str:
        """Compare what was typed with the name."""
        typed = self.cleaned_data["confirm"].strip()
        if self.in_use and typed != self.name:
            raise forms.ValidationError(_("That is not the name of this key."))
        return str(typed)
