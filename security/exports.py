"""What an account may take along of this room: names and times; secrets, digests and keys of sessions stay."""

from django.db.models import CharField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.tables import Table, columns
from security import sessions
from security.models import AccessToken, Device, Event, Passkey, RecoveryCode, RecoveryCodeDevice, Session, TOTPDevice

HINT = Concat("prefix", Value("…"), "suffix", output_field=CharField())


def tables(user: User) -> list[Table]:
    """Return what an account signs in with, where it is signed in, and what happened to it."""
    return [
        Table(
            "access_tokens",
            AccessToken.objects.filter(user=user).annotate(shown=HINT),
            columns("name", "scopes", "created_at", "expires_at", "last_used_at", hint=("shown", str)),
            _("Access tokens"),
        ),
        Table(
            "passkeys",
            Passkey.objects.filter(user=user),
            columns("name", "transports", "backed_up", "created_at", "last_used_at"),
            _("Passkeys"),
        ),
        Table("authenticator_apps", TOTPDevice.objects.filter(user=user), columns("name", "confirmed", "created_at")),
        Table("recovery_code_sets", RecoveryCodeDevice.objects.filter(user=user), columns("created_at")),
        Table("recovery_codes", RecoveryCode.objects.filter(device__user=user), columns("used_at")),
        Table(
            "sessions",
            Session.objects.filter(sessions.alive(), user=user),
            columns("agent", "created_at", "seen_at", "expire_date"),
            _("Sessions"),
        ),
        Table("devices", Device.objects.filter(user=user), columns("agent", "created_at", "seen_at")),
        Table(
            "security_events",
            Event.objects.filter(user=user),
            columns("created_at", "kind", "actor", "reason", "detail"),
            _("Security events"),
        ),
    ]
