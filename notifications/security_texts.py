"""What a person reads about their credentials and sessions: one subject and one sentence for each kind of event.

The kinds are those of security.models.Event; what happened to what (`detail`), who else did it (`actor`) and why
(`reason`) follow in paragraphs of their own.
"""

from collections.abc import Callable
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.administrators import COMMAND_LINE
from notifications.text import Data, Text

SAID = {
    "new-device": (
        gettext_noop("New sign-in to your Tollgate account"),
        gettext_noop("Someone signed in to your account with a browser that it has not seen before."),
    ),
    "password-changed": (
        gettext_noop("Your Tollgate password was changed"),
        gettext_noop("The password of your account was changed just now, and all other sessions were signed out."),
    ),
    "password-reset": (
        gettext_noop("Your Tollgate password was reset"),
        gettext_noop("A new password was chosen by a link from your mail, and all sessions were signed out."),
    ),
    "link-made": (
        gettext_noop("A link that signs in to your Tollgate account was made"),
        gettext_noop("The operator of this installation made a link that signs in to your account. It works once."),
    ),
    "email-changed": (
        gettext_noop("Your Tollgate e-mail address was changed"),
        gettext_noop("Your account has another e-mail address now. This is the last mail to the old one."),
    ),
    "totp-on": (
        gettext_noop("Two-factor authentication is on"),
        gettext_noop("Signing in to your account now takes a code of your authenticator app too."),
    ),
    "totp-off": (
        gettext_noop("Two-factor authentication is off"),
        gettext_noop("Signing in to your account no longer takes a code of your authenticator app."),
    ),
    "codes-made": (
        gettext_noop("New recovery codes for your Tollgate account"),
        gettext_noop("New recovery codes were made for your account. Older ones no longer work."),
    ),
    "code-used": (
        gettext_noop("A recovery code of your Tollgate account was used"),
        gettext_noop("A recovery code stood in for your authenticator app just now. It does not work again."),
    ),
    "codes-low": (
        gettext_noop("Few recovery codes of your Tollgate account are left"),
        gettext_noop("Make new ones on the page of two-factor authentication before the last is used."),
    ),
    "passkey-added": (
        gettext_noop("A passkey was added to your Tollgate account"),
        gettext_noop("A new passkey can sign in to your account."),
    ),
    "passkey-removed": (
        gettext_noop("A passkey of your Tollgate account was removed"),
        gettext_noop("A passkey no longer signs in to your account."),
    ),
    "passkey-suspect": (
        gettext_noop("A passkey of your Tollgate account was refused"),
        gettext_noop("A passkey was refused because it may have been copied. Remove it, and add a new one."),
    ),
    "bound": (
        gettext_noop("Another way to sign in to your Tollgate account"),
        gettext_noop("An account elsewhere was bound to yours and can sign in to it."),
    ),
    "unbound": (
        gettext_noop("One way less to sign in to your Tollgate account"),
        gettext_noop("An account elsewhere was unbound from yours and no longer signs in to it."),
    ),
    "token-made": (
        gettext_noop("An access token of your Tollgate account was made"),
        gettext_noop("A new access token lets programs act for your account."),
    ),
    "token-revoked": (
        gettext_noop("An access token of your Tollgate account was revoked"),
        gettext_noop("An access token of your account no longer works."),
    ),
    "session-ended": (
        gettext_noop("You were signed out of Tollgate"),
        gettext_noop("Sessions of your account were ended."),
    ),
    "disabled": (
        gettext_noop("Your Tollgate account was disabled"),
        gettext_noop("Nobody can sign in to your account, and its keys and tokens are refused."),
    ),
    "enabled": (
        gettext_noop("Your Tollgate account was enabled"),
        gettext_noop("You can sign in again, and your keys and tokens work again."),
    ),
    "admin-reset": (
        gettext_noop("Credentials of your Tollgate account were reset"),
        gettext_noop("An administrator took back credentials of your account."),
    ),
    "reset-sent": (
        gettext_noop("A password reset for your Tollgate account is on its way"),
        gettext_noop("A link to choose a new password was mailed to you. It counts for ten minutes, and only once."),
    ),
    "rights-changed": (
        gettext_noop("Your rights in Tollgate were changed"),
        gettext_noop("What your account may do, or the group that it is in, was changed."),
    ),
    "exported": (
        gettext_noop("The data of your Tollgate account was exported"),
        gettext_noop("A copy of everything that your account holds was made for download."),
    ),
}


def _text(subject: str, sentence: str, data: Data) -> Text:
    """Return the letter: what happened, to what, by whom, and what to do if it was not its reader."""
    paragraphs = [_(sentence)]
    if data.get("detail"):
        paragraphs.append(str(data["detail"]))
    if data.get("actor"):
        paragraphs.append(_done_by(str(data["actor"])))
        if data.get("reason"):
            paragraphs.append(_("Reason: %(reason)s") % {"reason": data["reason"]})
        paragraphs.append(_("If you have questions, ask your administrator."))
    else:
        paragraphs.append(_("If this was not you, reset your password at once and tell your administrator."))
    return Text(_(subject), tuple(paragraphs), "account_reset_password", _("Reset password"))


def _done_by(actor: str) -> str:
    if actor == COMMAND_LINE:
        return _("Done by the operator of this installation.")
    return _("Done by the administrator %(actor)s.") % {"actor": actor}


SECURITY_TEXTS: dict[str, Callable[[Data], Text]] = {
    f"security.{kind}": partial(_text, subject, sentence) for kind, (subject, sentence) in SAID.items()
}
