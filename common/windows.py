"""Windows of time over which a budget counts: calendar periods in UTC."""

from datetime import UTC, datetime, timedelta

PERIODS = ("minute", "day", "week", "month", "total")


def opens(period: str, now: float) -> int:
    """Return the Unix second at which the window that contains `now` opened; 0 for "total". Weeks open on Monday."""
    if period == "total":
        return 0
    if period == "minute":
        return int(now) // 60 * 60
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        day -= timedelta(days=day.weekday())
    elif period == "month":
        day = day.replace(day=1)
    elif period != "day":
        raise ValueError(f"unknown period {period!r}")
    return int(day.timestamp())


def month_after(now: float) -> datetime:
    """Return when the month that contains `now` ends and the next one opens (UTC)."""
    return (datetime.fromtimestamp(opens("month", now), UTC) + timedelta(days=32)).replace(day=1)
