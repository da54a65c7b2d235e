"""Forms of the notifications page."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common import money
from notifications.thresholds import MOST, Thresholds

SWITCH = forms.CheckboxInput(attrs={"role": "switch"})
LARGEST_USD = Decimal(money.LARGEST) / money.NANO
MONO = {"class": "mono", "inputmode": "url", "spellcheck": "false"}
KEEP = {"autocomplete": "new-password", "placeholder": _("Saved. Leave empty to keep it")}


class ThresholdForm(forms.Form):
    """When to warn: one amount, and a few more. Both in dollars."""

    threshold = forms.DecimalField(
        label=_("Warn me below"),
        min_value=0,
        max_value=LARGEST_USD,
        decimal_places=9,
        help_text=_("0 turns the warning off."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    further_thresholds = forms.CharField(
        label=_("Also below"),
        required=False,
        max_length=200,
        help_text=_("Up to five more amounts, with spaces between them: 20 10 2.50"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    def clean_threshold(self) -> int:
        """Return nano-USD."""
        return money.from_usd(self.cleaned_data["threshold"])

    def clean_further_thresholds(self) -> list[int]:
        """Return nano-USD. Raises ValidationError for what is no amount."""
        words = self.cleaned_data["further_thresholds"].replace("$", " ").replace(";", " ").split()
        try:
            amounts = [money.from_usd(word.rstrip(",")) for word in words]
        except ValueError as error:
            raise forms.ValidationError(_("Write amounts in dollars with spaces between them: 20 10 2.50")) from error
        if len(amounts) > MOST:
            raise forms.ValidationError(_("At most %(most)s further thresholds."), params={"most": MOST})
        return amounts

    @staticmethod
    def of(stored: Thresholds) -> dict[str, str]:
        """Return what the form shows for stored thresholds."""
        return {
            "threshold": money.plain(stored.main),
            "further_thresholds": " ".join(money.plain(amount) for amount in stored.further),
        }


class MethodForm(forms.Form):
    """What every method has: a switch, and the events it tells of."""

    enabled = forms.BooleanField(label=_("Send to this method"), required=False, widget=SWITCH)
    events = forms.MultipleChoiceField(label=_("Events"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, data: QueryDict | None, *, kind: str, choices: list[tuple[str, Any]], initial: dict[str, Any]
    ) -> None:
        super().__init__(data, auto_id=f"{kind}_%s", initial=initial)
        self.fields["events"].choices = choices  # type: ignore[attr-defined]  # the stubs know only Field here

    @property
    def own(self) -> list[forms.BoundField]:
        """Return the fields that only this kind has."""
        return [self[name] for name in self.fields if name not in {"enabled", "events"}]

    def entered(self) -> Mapping[str, str]:
        """Return what was entered for the target, as text; what was not sent at all is left out, and so stays."""
        sent = [field.name for field in self.own if field.html_name in self.data]
        return {name: "" if (value := self.cleaned_data[name]) is None else str(value) for name in sent}


class EmailForm(MethodForm):
    """An address."""

    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=254,
        help_text=_("Leave empty to use your account's address. Another one gets a link to confirm first."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class WebhookForm(MethodForm):
    """A receiver of JSON."""

    url = forms.CharField(
        label="URL",
        required=False,
        max_length=2_000,
        help_text=_("We POST JSON. Private network addresses are refused unless your administrator allows them."),
        widget=forms.TextInput(attrs=MONO),
    )
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[
            ("standard", "Standard Webhooks"),
            ("slack", "Slack"),
            ("feishu", _("Feishu")),
            ("dingtalk", _("DingTalk")),
            ("template", _("JSON of your own")),
        ],
    )
    template = forms.CharField(
        label=_("JSON of your own"),
        required=False,
        max_length=8_000,
        help_text=_("Used with that format: JSON with {{title}} and {{content}} inside its texts."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        max_length=200,
        help_text=_("Signs each message by Standard Webhooks. Empty the first time: one is made."),
        widget=forms.PasswordInput(attrs=KEEP),
    )


class BarkForm(MethodForm):
    """A device."""

    url = forms.CharField(
        label=_("Bark URL"),
        required=False,
        max_length=2_000,
        help_text=_(
            "As the app shows it, with {{title}} and {{content}}: https://api.day.app/your-key/{{title}}/{{content}}"
        ),
        widget=forms.TextInput(attrs=MONO),
    )
    level = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[
            ("", _("As the app decides")),
            ("active", _("At once")),
            ("timeSensitive", _("At once, in focus too")),
            ("passive", _("Quietly, into the list")),
            ("critical", _("Loud, even when muted")),
        ],
    )
    group = forms.CharField(label=_("Group"), required=False, max_length=64)
    sound = forms.CharField(label=_("Sound"), required=False, max_length=64)


class GotifyForm(MethodForm):
    """An application of a Gotify server."""

    url = forms.CharField(
        label=_("Server URL"),
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={**MONO, "placeholder": "https://gotify.example.com"}),
    )
    token = forms.CharField(
        label=_("Application token"), required=False, max_length=200, widget=forms.PasswordInput(attrs=KEEP)
    )
    priority = forms.IntegerField(label=_("Priority"), required=False, min_value=0, max_value=10, initial=5)


FORMS: Mapping[str, type[MethodForm]] = {
    "email": EmailForm,
    "webhook": WebhookForm,
    "bark": BarkForm,
    "gotify": GotifyForm,
}
