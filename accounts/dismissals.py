"""Advice that a person lets be: it comes again after a quarter of a year, when things may have changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import Dismissal, User

LASTS = timedelta(days=90)


def dismiss(user: User, check: str, *, now: datetime) -> None:
    """Let an item of the check-up be for a while."""
    Dismissal.objects.update_or_create(user=user, check_name=check, defaults={"at": now})


def recall(user: User, check: str) -> None:
    """Ask about an item again."""
    Dismissal.objects.filter(user=user, check_name=check).delete()


def standing(user: User, *, now: datetime) -> Mapping[str, datetime]:
    """Return until when each item is let be, those that are over left out."""
    rows = Dismissal.objects.filter(user=user, at__gt=now - LASTS)
    return {row.check_name: row.at + LASTS for row in rows}
