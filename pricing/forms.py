"""What a person accepts of models without a price: whether, which ones, and for how much a month."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common import money
from pricing import preferences
from pricing.preferences import ChoiceRefused, Safeguard

SWITCH = forms.CheckboxInput(attrs={"role": "switch"})


class ModelsField(forms.MultipleChoiceField):
    """Names of models: ticked, or written with commas between them. One that is not on offer now may come back."""

    def to_python(self, value: Any) -> list[str]:
        """Return the names. Raises ValidationError."""
        try:
            return list(preferences.models_in("\n".join(map(str, value or ()))))
        except ChoiceRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def valid_value(self, value: Any) -> bool:
        """Return True: a name is a name, whether or not a channel serves it today."""
        return True


class CapField(forms.Field):
    """An amount of USD, kept in nano-USD."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"})

    def prepare_value(self, value: Any) -> Any:
        return money.plain(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        """Return nano-USD. Raises ValidationError."""
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return preferences.checked_cap(money.from_usd(str(value).strip().removeprefix("$")))
        except ChoiceRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        except ValueError as error:
            raise ValidationError(_("Enter an amount in USD with at most nine decimals.")) from error


class SafeguardForm(forms.Form):
    """The whole choice; it can always be turned off, and on only where the operator lets users do so."""

    accept_unpriced = forms.BooleanField(label=_("Accept models without a price"), required=False, widget=SWITCH)
    accepted_models = ModelsField(
        label=_("Which models"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all.")
    )
    monthly_cap = CapField(
        label=_("Monthly cap"), required=False, help_text=_("For models without a price alone. Empty: no cap.")
    )

    def __init__(self, *args: Any, stored: Safeguard, unpriced: Iterable[str], allowed: bool, **kwargs: Any) -> None:
        initial = {
            "accept_unpriced": stored.accept_unpriced,
            "accepted_models": list(stored.accepted_models),
            "monthly_cap": stored.monthly_cap,
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.allowed, self.stored = allowed, stored
        names = sorted({*unpriced, *stored.accepted_models, *self._sent()})
        self.fields["accepted_models"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.locked = not allowed and not stored.accept_unpriced  # what was turned on can be turned off, always
        if self.locked:
            self.fields["accept_unpriced"].widget.attrs["disabled"] = True

    def clean(self) -> dict[str, Any]:
        """Return the choices that were sent: who posts the switch alone leaves models and cap as they are."""
        cleaned = super().clean() or self.cleaned_data
        if "monthly_cap" not in self.data:
            return {name: value for name, value in cleaned.items() if name == "accept_unpriced"}
        return cleaned

    @property
    def choice(self) -> Safeguard:
        """Return what would be stored of a form that is valid."""
        given = self.cleaned_data
        return Safeguard(
            given["accept_unpriced"],
            tuple(given.get("accepted_models", self.stored.accepted_models)),
            given.get("monthly_cap", self.stored.monthly_cap),
        )

    def clean_accept_unpriced(self) -> bool:
        """Return the choice. Raises ValidationError for accepting what the operator forbids."""
        accepted: bool = self.cleaned_data["accept_unpriced"]
        if accepted and not self.allowed:
            raise ValidationError(_("Your administrator doesn't allow models without a price."))
        return accepted

    def _sent(self) -> Sequence[str]:
        """Return the names that came with the form, so that they come back with it."""
        given = self.data.getlist("accepted_models") if isinstance(self.data, QueryDict) else []
        names = [name.strip() for text in given[: preferences.MOST_MODELS] for name in preferences.names_in(text)]
        return [name for name in names if name and len(name) <= preferences.LONGEST_NAME][: preferences.MOST_MODELS]


class AcceptForm(SafeguardForm):
    """The same choice, about to be turned on. Its controls have ids of their own, beside those of the page."""

    accept_unpriced = forms.BooleanField(widget=forms.HiddenInput, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_accept_%s", **kwargs)
        self.initial["accept_unpriced"] = True
