"""What an account may take along of this room."""

import json

from accounts.models import User
from common import money
from common.tables import Table, columns
from notifications import veil
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
            columns(
                "kind",
                "enabled",
                "muted",
                "pending",
                "last_ok",
                "last_result",
                "last_at",
                leads_to=("target", _where),
            ),
        ),
        Table(
            "messages",
            Delivery.objects.filter(user=user),
            columns("created_at", "event", "method", "subject", "state", "attempts", "result"),
        ),
    ]


def _where(target: str) -> str:
    """Return an address, or a URL without its keys: secrets are in no export."""
    return veil.veiled(json.loads(target)["url"]) if target.startswith("{") else target
