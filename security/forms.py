"""What people type to prove who they are."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import http, identities, limits
from accounts.models import User
from security import factors
from security.models import Device

WRONG_PASSWORD = _("This is not your current password.")
WRONG_FIRST_CODE = _(
    "This code is not right. Let your phone set its clock by the network, and type the digits that the app shows now."
)
WRONG_CODE = _("This code is not right, or was used already.")


def six_digits(label: Any, *, autofocus: bool = False, **kwargs: Any) -> forms.CharField:
    """Return a field for a code of an authenticator app, which phones and password managers know as such."""
    shown = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "autofocus": autofocus}
    return forms.CharField(label=label, max_length=64, strip=False, widget=forms.TextInput(attrs=shown), **kwargs)


class CodeForm(forms.Form):
    """A code of the app."""

    code = six_digits(_("Code"), help_text=_("The six digits that your authenticator app shows now."), autofocus=True)


class RecoveryForm(forms.Form):
    """A recovery code, in the same field."""

    code = forms.CharField(
        label=_("Recovery code"),
        max_length=64,
        help_text=_("One of the ten that you stored when you set up two-factor authentication. It works once."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )


class PasswordForm(forms.Form):
    """The password."""

    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


class SetUpForm(forms.Form):
    """The last step of the set-up: the codes are stored, and the app shows the right digits."""

    stored = forms.BooleanField(
        label=_("I have stored my recovery codes"), error_messages={"required": _("Store the codes first.")}
    )
    code = six_digits(_("Code"), help_text=_("The six digits that your authenticator app shows now."))


class OffForm(forms.Form):
    """Password and code together; the code is not looked at, and so not used up, where the password is wrong."""

    password = PasswordForm.base_fields["password"]
    code = six_digits(_("Code"), help_text=_("Of your authenticator app, or a recovery code."))

    def __init__(self, user: User, browser: Device | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.browser = user, browser
        if not identities.has_password(user):
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise forms.ValidationError(WRONG_PASSWORD, code="wrong")
        return password

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                factors.verify(self.user, data["code"], browser=self.browser)
            except factors.WrongCode:
                self.add_error("code", forms.ValidationError(WRONG_CODE, code="wrong"))
            except limits.TooManyTries as reached:
                raise ImmediateHttpResponse(http.limited(context.request, reached, reset=False)) from reached
        return data
