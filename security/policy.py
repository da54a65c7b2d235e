"""Who needs a second factor, by the operator's switch, and from when on nothing works without one."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from security.models import SecurityPolicy

Required = SecurityPolicy.Required


def required_from(user: User) -> datetime | None:
    """Return when the days of grace of an account end, None where it needs no second factor."""
    policy = SecurityPolicy.objects.first() or SecurityPolicy()
    everyone, staff = policy.second_factor == Required.EVERYONE, policy.second_factor == Required.STAFF
    if not (everyone or (staff and user.is_staff)):
        return None
    begins = max(user.date_joined, policy.required_at or user.date_joined)
    return begins + timedelta(days=policy.grace_days)


def self_deletion() -> bool:
    """Return whether people may delete their own account."""
    return (SecurityPolicy.objects.first() or SecurityPolicy()).self_deletion


def overdue(user: User) -> bool:
    """Return whether an account needs a second factor now."""
    moment = required_from(user)
    return moment is not None and moment <= timezone.now()


def require(policy: SecurityPolicy, before: str) -> None:
    """Let the days of grace begin now where more people need a second factor than `before`; the caller stores it."""
    order = [Required.NOBODY.value, Required.STAFF.value, Required.EVERYONE.value]
    if order.index(policy.second_factor) > order.index(before):
        policy.required_at = timezone.now()
