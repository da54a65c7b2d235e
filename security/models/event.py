"""The security events of an account: append-only, without secrets and addresses."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that happened to an account's credentials or sessions."""

    class Kind(models.TextChoices):
        SIGN_IN = "sign-in", _("Signed in")
        SIGN_IN_FAILED = "sign-in-failed", _("Sign-in failed")
        NEW_DEVICE = "new-device", _("Signed in from a new device")
        SIGN_OUT = "sign-out", _("Signed out")
        SUDO = "sudo", _("Identity confirmed")
        SUDO_FAILED = "sudo-failed", _("Confirming the identity failed")
        PASSWORD = "password-changed", _("Password changed")
        PASSWORD_RESET = "password-reset", _("Password reset by mail")
        LINK = "link-made", _("Sign-in link made by the operator")
        EMAIL = "email-changed", _("E-mail address changed")
        TOTP_ON = "totp-on", _("Two-factor authentication turned on")
        TOTP_OFF = "totp-off", _("Two-factor authentication turned off")
        CODES_MADE = "codes-made", _("New recovery codes made")
        CODE_USED = "code-used", _("Recovery code used")
        PASSKEY_ADDED = "passkey-added", _("Passkey added")
        PASSKEY_REMOVED = "passkey-removed", _("Passkey removed")
        PASSKEY_SUSPECT = "passkey-suspect", _("Passkey refused: it may have been copied")
        BOUND = "bound", _("Account bound")
        UNBOUND = "unbound", _("Account unbound")
        TOKEN_MADE = "token-made", _("Access token made")
        TOKEN_REVOKED = "token-revoked", _("Access token revoked")
        SESSION_ENDED = "session-ended", _("Session ended")
        DISABLED = "disabled", _("Account disabled by an administrator")
        ENABLED = "enabled", _("Account enabled by an administrator")
        ADMIN_RESET = "admin-reset", _("Credentials reset by an administrator")
        RESET_SENT = "reset-sent", _("Password reset mailed by an administrator")
        RIGHTS = "rights-changed", _("Rights changed")
        EXPORTED = "exported", _("Data exported")
        PRICING = "pricing-changed", _("Price safeguard changed")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="security_events")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    actor = models.CharField(max_length=150, blank=True)  # the administrator, by name; empty: the person
    reason = models.CharField(max_length=300, blank=True)
    detail = models.CharField(max_length=1000, blank=True)  # the name of what changed
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="event_user")]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def alarming(self) -> bool:
        """Return whether its owner should look twice."""
        return self.kind in {
            self.Kind.SIGN_IN_FAILED,
            self.Kind.SUDO_FAILED,
            self.Kind.NEW_DEVICE,
            self.Kind.PASSKEY_SUSPECT,
        }
