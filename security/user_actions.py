"""What an administrator may do to an account, with the words that the pages of admin have for it."""

from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import identities, limits, reset_links, services
from accounts.user_admin import ABOVE, LAST, REASON
from security import resets


@dataclass(frozen=True, slots=True)
class Action:
    """A verb of security.resets: its place in addresses, what it is called, and what it does."""

    id: str
    title: str | Promise
    sentence: str | Promise
    verb: resets.Verb


_EACH = (
    Action(
        "disable",
        _("Disable"),
        _("All sessions end at once. API keys and access tokens are refused until the account is enabled again."),
        resets.disable,
    ),
    Action(
        "enable",
        _("Enable"),
        _("The owner can sign in again, and API keys and access tokens work again. Failed tries are forgotten."),
        resets.enable,
    ),
    Action("end-sessions", _("End all sessions"), _("Every browser has to sign in again."), resets.end_sessions),
    Action(
        "reset-two-factor",
        _("Reset two-factor authentication"),
        _("Authenticator app and recovery codes are removed, and all sessions end. Passkeys and password stay."),
        resets.reset_two_factor,
    ),
    Action(
        "reset-passkeys",
        _("Remove all passkeys"),
        _("No passkey signs in any more, and all sessions end. Password and authenticator app stay."),
        resets.reset_passkeys,
    ),
    Action(
        "send-reset",
        _("Mail a link to choose a new password"),
        _("The link counts for ten minutes, and once. Until it is used, nothing changes."),
        resets.send_reset,
    ),
)
ACTIONS = {action.id: action for action in _EACH}

# why an account was left as it was
REFUSALS: dict[type[Exception], str | Promise] = {
    resets.NotAllowed: ABOVE,
    resets.Disabled: _("This account is disabled: a link would not let its owner in."),
    services.LastAdministrator: LAST,
    services.AccountGone: _("This account was deleted a moment ago."),
    reset_links.NoAddress: _("This account has no e-mail address."),
    identities.SoleWay: _("This account signs in by its provider alone."),
    limits.TooManyTries: _("Too many links were mailed to this address lately. Try again in an hour."),
}
REFUSED = tuple(REFUSALS)


class ReasonForm(forms.Form):
    """Why an administrator does something to somebody."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=resets.LONGEST_REASON,
        help_text=REASON,
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True, "autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())
