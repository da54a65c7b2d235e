"""What a user lets be recorded: read by the gate, changed on the privacy page and under /api."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from common import version
from privacy.models import PrivacyPolicy, PrivacySettings


class RecordingForbidden(Exception):
    """The operator lets nobody record addresses."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What an account chose, and what of it counts: `allowed` is the operator's word, `records` both together."""

    record_ip: bool
    keep_prompts: bool
    allowed: bool

    @property
    def records(self) -> bool:
        """Return whether calls of this account are logged with the client's address."""
        return self.record_ip and self.allowed


def choices(user: User) -> Choices:
    """Return what an account chose; an absent row is every default."""
    stored = PrivacySettings.of(user)
    return Choices(stored.record_ip, stored.keep_prompts, PrivacyPolicy.current().allow_recording)


def records_address(user_id: int) -> bool:
    """Return whether calls of this user keep the client's address: they chose so, and the operator lets them."""
    return user_id in recording({user_id})


def recording(user_ids: Collection[int]) -> set[int]:
    """Return whose calls keep the client's address, of these users."""
    if not PrivacyPolicy.current().allow_recording:
        return set()
    chosen = PrivacySettings.objects.filter(user_id__in=user_ids, record_ip=True)
    return set(chosen.values_list("user_id", flat=True))


@transaction.atomic
def save(user: User, **chosen: bool) -> None:
    """Store what is given (`record_ip`, `keep_prompts`) and leave the rest, at once for every worker.

    Raises RecordingForbidden for turning recording on where the operator lets nobody do so.
    """
    if chosen.get("record_ip") and not PrivacyPolicy.current().allow_recording:
        raise RecordingForbidden
    PrivacySettings.objects.update_or_create(user=user, defaults=chosen)
    version.bump()
