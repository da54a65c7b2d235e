"""What a new access token is asked for."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from security import tokens
from security.models import AccessToken

SCOPES = [
    (AccessToken.Scope.READ, _("Read: account, keys, usage, wallet")),
    (AccessToken.Scope.WRITE, _("Write: change settings")),
    (AccessToken.Scope.KEYS, _("Keys: make, change and delete API keys")),
]


class Life(TextChoices):
    """For how many days a token is good."""

    MONTH = "30", _("30 days")
    QUARTER = "90", _("90 days")
    YEAR = "365", _("1 year")


class TokenForm(forms.Form):
    """Name, scopes and life of a token."""

    name = forms.CharField(
        label=_("Name"),
        max_length=tokens.LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-autofocus": True}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=SCOPES,
        initial=[AccessToken.Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one scope.")},
    )
    expires_at = forms.ChoiceField(
        label=_("Expires"), choices=Life.choices, initial=Life.QUARTER, widget=forms.RadioSelect
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.access_tokens.exists():
            self.initial["name"] = tokens.DEFAULT

    def clean_expires_at(self) -> datetime:
        """Return the moment."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["expires_at"]))
