"""What a user lets be recorded: read by the gate, changed on the privacy page."""

from django.db import transaction

from accounts.models import User
from common import version
from privacy.models import PrivacySettings


def records_address(user_id: int) -> bool:
    """Return whether calls of this user keep the client's address."""
    return PrivacySettings.objects.filter(user_id=user_id, record_ip=True).exists()


@transaction.atomic
def save(user: User, *, record_ip: bool) -> None:
    """Store the choice, at once for every worker."""
    PrivacySettings.objects.update_or_create(user=user, defaults={"record_ip": record_ip})
    version.bump()
