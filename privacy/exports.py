"""What an account may take along of this room."""

from accounts.models import User
from common.tables import Table, columns
from privacy.models import PrivacySettings


def tables(user: User) -> list[Table]:
    """Return what an account has chosen; nothing where it left every default."""
    return [Table("privacy_settings", PrivacySettings.objects.filter(user=user), columns("record_ip", "keep_prompts"))]
