"""Forms of sign-in, sign-up, reset and profile."""

import zoneinfo
from collections.abc import Sequence
from functools import cache
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.forms import UserTokenForm as AllauthUserTokenForm
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import http, identities, limits, policy, ports, provider_rules, providers, services
from accounts.identities import Identity
from accounts.models import Invite, User
from accounts.names import LONGEST, validate_name
from common.widgets import LongSelect

WRONG = _("The username or the password is not right.")
EMAIL = {"email": _("E-mail address")}
OLD, NEW, AGAIN = _("Current password"), _("New password"), _("New password again")


def name_fields(form: forms.Form, **labels: Any) -> None:
    """Call the fields of one of allauth's forms as the rest of the site does: by their labels alone."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)


class LoginForm(AllauthLoginForm):
    """Sign in with a name or an e-mail address. One text for whatever was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.help_text = _("Username or e-mail"), ""
        login.max_length = 254
        login.widget.attrs = {"autocomplete": "username webauthn", "autofocus": True}
        password.widget.attrs = {"autocomplete": "current-password"}

    def user_credentials(self) -> dict[str, Any]:
        """Return one name, whether it is a username or an address: two would be two hashes, and tell them apart."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}

    def clean(self) -> Any:
        try:
            return super().clean()
        except forms.ValidationError as error:
            raise forms.ValidationError(WRONG, code="wrong") from error


class SignupForm(AllauthSignupForm):
    """Make an account where the operator lets people do so; an invitation is for its own address."""

    def __init__(self, *args: Any, invite: Invite | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invite = invite
        name_fields(self, **EMAIL)
        if invite:
            self.initial["email"] = invite.email
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("The invitation is for this address.")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if not self.invite and not policy.admits(email):
            raise forms.ValidationError(
                _("Only addresses of %(domains)s can sign up here."),
                code="domain",
                params={"domains": ", ".join(policy.domains())},
            )
        return email

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        if self.invite:  # its link was read in the mailbox
            services.vouch(user)
        return user


class ProviderSignupForm(SignupForm):
    """Make an account that a provider vouches for: a name and an address, no password."""

    def __init__(self, *args: Any, identity: Identity, **kwargs: Any) -> None:
        super().__init__(*args, by_passkey=True, **kwargs)  # allauth's word for a form without passwords
        self.by_passkey, self.identity = False, identity
        provider = providers.get(identity.provider)
        self.vouched = self.invite is None and provider_rules.vouches(provider, identity)
        if self.vouched:
            self.initial["email"] = identity.email
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("Your provider has verified this address.")

    def save(self, request: HttpRequest) -> User:
        user = super().save(request)
        if self.vouched:
            services.vouch(user)
        return user


class ResetPasswordForm(AllauthResetPasswordForm):
    """Ask for a reset link; five a day for an address, whether or not an account has it."""

    users: list[User]  # who has the address

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self, **EMAIL)
        self.fields["email"].widget.attrs["autofocus"] = True

    def clean_email(self) -> str:
        email: str = super().clean_email()
        try:
            limits.take(limits.RESET_ADDRESS, http.network(context.request))
            limits.take(limits.RESET, f"mail {email}")
        except limits.TooManyTries as reached:
            raise ImmediateHttpResponse(http.limited(context.request, reached)) from reached
        self.users = [user for user in self.users if identities.sole(user) is None]
        return email


class LinkForm(AllauthUserTokenForm):
    """A mailed link to choose a password; it works for nobody who signs in by a provider alone."""

    def _get_user(self, uidb36: str) -> User | None:
        user: User | None = super()._get_user(uidb36)
        return None if user is None or identities.sole(user) else user


class NewPasswordForm(AllauthResetPasswordKeyForm):
    """A new password by a mailed link; every session ends, this browser's too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self, password1=NEW, password2=AGAIN)

    def save(self) -> None:
        services.set_password(self.user, self.cleaned_data["password1"], event="password-reset")


class FirstPasswordForm(AllauthSetPasswordForm):
    """A password for an account that has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self, password1=NEW, password2=AGAIN)


class ChangePasswordForm(AllauthChangePasswordForm):
    """Old, new and again; a wrong old one counts like a wrong sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""
        self.fields["oldpassword"].widget.attrs["autofocus"] = True
        name_fields(self, oldpassword=OLD, password1=NEW, password2=AGAIN)

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            ports.record(self.user, "sudo-failed", detail="password")
            raise forms.ValidationError(_("This is not your current password."), code="wrong")
        return password


class ChangeEmailForm(AllauthAddEmailForm):
    """Ask for another address; the one in use stays until the new one is confirmed, even if it never was itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_fields(self, email=_("New address"))
        self.fields["email"].widget.attrs["autofocus"] = True

    def save(self, request: HttpRequest) -> EmailAddress:
        EmailAddress.objects.filter(user=self.user).exclude(email__iexact=self.user.email).delete()
        return EmailAddress.objects.add_email(request, self.user, self.cleaned_data["email"], confirm=True)


class ProfileForm(forms.Form):
    """How a person is called, and which language and clock their pages have."""

    username = forms.CharField(label=_("Username"), max_length=LONGEST, validators=[validate_name])
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the browser asks")), *settings.LANGUAGES]
    )
    timezone = forms.ChoiceField(label=_("Time zone"), required=False, widget=LongSelect)
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[("", _("As each browser was set")), ("light", _("Light")), ("dark", _("Dark"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = [("", "UTC"), *((zone, zone) for zone in _zones())]  # type: ignore[attr-defined]

    def clean_theme(self) -> str:
        """Return the theme; the stored one where a form does not speak of it."""
        return str(self.cleaned_data["theme"] if "theme" in self.data else self.initial.get("theme", ""))


@cache
def _zones() -> Sequence[str]:
    """Return the names of all time zones; to read them from the disk takes longer than the page."""
    return sorted(zoneinfo.available_timezones())
