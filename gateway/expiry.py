"""When a key ends, as people write it."""

import re
from datetime import date, datetime, time, timedelta

from django.utils import timezone

SPAN = re.compile(r"([1-9]\d{0,4})([hdw])", re.ASCII)
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def end_of(day: date) -> datetime:
    """Return the last second of a day by the clock of the account."""
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def parse(text: str) -> datetime:
    """Return the moment that "90d", "12h", "2w" or "2027-01-31" stands for. Raises ValueError."""
    if span := SPAN.fullmatch(text):
        return timezone.now() + int(span[1]) * UNITS[span[2]]
    return end_of(date.fromisoformat(text))
