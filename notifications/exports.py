"""What an account may take along of this room."""

from accounts.models import User
from common import money
from common.tables import Table, columns
from notifications.models import Delivery, Method, Threshold


def tables(user: User) -> list[Table]:
    """Return when an account is warned, and what it was told."""
    return [
        Table(
            "quota_warnings",
            Threshold.objects.filter(user=user),
            columns("main", "fired", amount_usd=("amount", money.to_decimal)),
        ),
        Table(
            "notification_methods",
            Method.objects.filter(user=user),
            columns("kind", "enabled", "muted", "last_ok", "last_result", "last_at"),
        ),
        Table(
            "messages",
            Delivery.objects.filter(user=user),
            columns("created_at", "event", "method", "subject", "state", "attempts", "result"),
        ),
    ]
