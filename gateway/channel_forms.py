"""What administrators may write into a channel. Secrets go in and never come out again."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from common.secret_field import SecretField
from gateway import channel_rules as rules
from gateway.models import Channel, ChannelKey, Route

Given = TypeVar("Given")
Checked = TypeVar("Checked")
TIMEOUTS = ("connect_timeout", "first_byte_timeout", "gap_timeout", "total_timeout")
LONGEST_TIMEOUT = 86_400  # seconds


class ChannelForm(forms.ModelForm[Channel]):
    """A channel; its extra headers are shown by name only, for their values may be secrets."""

    headers = forms.CharField(label=_("extra headers"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = Channel
        fields = (
            *("name", "kind", "base_url", "headers", "forward", "allow", "bound_field", "groups"),
            *("priority", "weight", *TIMEOUTS, "enabled"),
        )
        widgets = {"groups": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["headers"] = ""
        # a hint is markup to Django's pages
        names = escape(", ".join(sorted(json.loads(self.instance.headers)))) or _("none")
        self.fields["headers"].help_text = _(
            "A JSON object, stored encrypted. Now set: %(names)s. Empty keeps them, {} removes them."
        ) % {"names": names}
        for name in TIMEOUTS:
            self.fields[name].widget.attrs["min"] = 0

    def clean_name(self) -> str:
        return _checked(rules.name, self.cleaned_data["name"])

    def clean_headers(self) -> str:
        """Return the stored JSON, or the new one."""
        text = self.cleaned_data["headers"].strip()
        if not text:
            return str(self.instance.headers)
        try:
            headers = json.loads(text)
        except ValueError as error:
            raise ValidationError(_("Write a JSON object, for example {“X-Title”: “Tollgate”}.")) from error
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise ValidationError(_("Write a JSON object whose values are texts."))
        return json.dumps(_checked(rules.headers, headers))

    def clean_forward(self) -> list[str]:
        return _names(self.cleaned_data["forward"])

    def clean_allow(self) -> list[str]:
        return _names(self.cleaned_data["allow"])

    def clean(self) -> dict[str, Any]:
        """Check what depends on the kind, and the timeouts."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") == Channel.Kind.SANDBOX:
            data["base_url"] = ""
        elif "base_url" in data:
            try:
                data["base_url"] = rules.base_url(data["base_url"])
            except rules.InvalidChannel as refusal:
                self.add_error("base_url", str(refusal))
        for name in TIMEOUTS:
            if name in data and not 0 < data[name] <= LONGEST_TIMEOUT:
                self.add_error(name, _("Give a number of seconds above 0 and at most a day."))
        return data


class RouteForm(forms.ModelForm[Route]):
    """A model on a channel."""

    class Meta:
        model = Route
        fields = ("model", "upstream_model")

    def clean_model(self) -> str:
        return _checked(rules.model, self.cleaned_data["model"])

    def clean_upstream_model(self) -> str:
        name = self.cleaned_data["upstream_model"]
        return _checked(rules.model, name) if name else ""


class ChannelKeyForm(forms.ModelForm[ChannelKey]):
    """An upstream key: written once, replaced by writing another."""

    secret = SecretField(label=_("secret"))

    class Meta:
        model = ChannelKey
        fields = ("secret", "state")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["secret"] = ""

    def clean_secret(self) -> str:
        """Return the stored secret, or the new one."""
        secret = self.cleaned_data["secret"]
        if secret or not self.instance.pk:
            return _checked(rules.secret, secret)
        return str(self.instance.secret)

    def clean(self) -> dict[str, Any]:
        """Let a new secret start afresh, and an active key have no rest."""
        data: dict[str, Any] = super().clean() or {}
        if "secret" in data:
            self.instance.suffix = rules.hint(data["secret"])
        if "secret" in self.changed_data:
            data["state"] = ChannelKey.State.ACTIVE
        if data.get("state") == ChannelKey.State.ACTIVE:
            self.instance.rest_until, self.instance.last_error = None, ""
        return data


def _checked(check: Callable[[Given], Checked], value: Given) -> Checked:
    try:
        return check(value)
    except rules.InvalidChannel as refusal:
        raise ValidationError(str(refusal)) from refusal


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValidationError(_("Write a JSON list of names, for example [“x-session-id”]."))
    return list(value)
