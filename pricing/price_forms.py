"""Forms in which administrators write prices, in USD."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.money import from_usd, plain
from pricing import prices
from pricing.models import Price, PricingPolicy


class UsdField(forms.Field):
    """An amount that people write in USD and the database keeps in nano-USD."""

    widget = forms.NumberInput(attrs={"step": "any", "min": "0"})

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        try:
            nano = from_usd(value)
        except ValueError as error:
            raise ValidationError(_("Enter an amount in USD with at most nine decimals.")) from error
        if not 0 <= nano <= prices.LARGEST_RATE:
            raise ValidationError(_("Enter an amount from 0 to 1,000,000 USD."))
        return nano


def _usd(label: Any, *, required: bool = False) -> UsdField:
    return UsdField(label=label, required=required)


class PriceForm(forms.ModelForm[Price]):
    """A new price; the row of the old one stays as it is."""

    free = forms.BooleanField(
        label=_("free"), required=False, help_text=_("Calls cost nothing. Leave the rates empty.")
    )
    input = _usd(_("input"))
    output = _usd(_("output"))
    cached_input = _usd(_("cached input"))
    cache_write = _usd(_("cache write"))
    reasoning = _usd(_("reasoning"))
    audio_input = _usd(_("audio input"))
    audio_output = _usd(_("audio output"))
    per_call = _usd(_("per call"))
    per_image = _usd(_("per image"))
    per_second = _usd(_("per second"))

    class Meta:
        model = Price
        fields = ("model", "channel", "context", "max_output")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given = [cleaned[name] for name in prices.RATES if cleaned[name] is not None]
        if cleaned["free"]:
            if given:
                raise ValidationError(_("A free model has no rates."))
        elif cleaned["input"] is None or cleaned["output"] is None:
            raise ValidationError(_("Enter the rates of input and output, or choose free."))
        try:
            self._draft()
        except prices.InvalidPrice as error:
            raise ValidationError(str(error)) from error
        return cleaned

    def _post_clean(self) -> None:
        """Leave the checks to the verb: the model's own would refuse a second live row, which the verb supersedes."""

    def publish(self) -> Price:
        """Set the price and return its live row."""
        data = self.cleaned_data
        model, channel = data["model"], data["channel"]
        if data["free"]:
            return prices.set_free(model, channel, context=data["context"], max_output=data["max_output"])
        return prices.set_price(model, channel, **self._terms())

    def _draft(self) -> Price:
        data = self.cleaned_data
        model, channel = data["model"], data["channel"]
        if data["free"]:
            return prices.draft_free(model, channel, context=data["context"], max_output=data["max_output"])
        return prices.draft(model, channel, **self._terms())

    def _terms(self) -> prices.Terms:
        return cast(prices.Terms, {name: self.cleaned_data[name] for name in (*prices.RATES, "context", "max_output")})


class PolicyForm(forms.ModelForm[PricingPolicy]):
    fallback_input = _usd(_("fallback price of input"), required=True)
    fallback_output = _usd(_("fallback price of output"), required=True)

    class Meta:
        model = PricingPolicy
        fields = ("allow_unpriced", "fallback_input", "fallback_output")
        help_texts = {"allow_unpriced": _("Each user still decides. Off: models without a price cannot be called.")}
