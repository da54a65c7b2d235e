"""How pages write figures: counts, large counts, and spans of time."""

from django import template

from common import money

register = template.Library()
SECOND_MS = 1000


@register.filter
def count(number: int) -> str:
    """Return a whole number with its thousands marked ("48,213")."""
    return f"{number:,}"


@register.filter
def compact(number: int) -> str:
    """Return a large number in three figures ("91.6M"); below ten thousand in full."""
    if number < 10_000:  # noqa: PLR2004 (four digits read well)
        return count(number)
    for unit, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= size:
            whole = number / size
            return f"{whole:.0f}{unit}" if whole >= 100 else f"{whole:.1f}{unit}"  # noqa: PLR2004 (three figures)
    return count(number)


@register.filter
def micro(nano: int) -> str:
    """Return dollars with six decimals, in which the totals of a ledger differ from row to row."""
    return money.usd(nano, digits=6)


@register.filter
def duration(milliseconds: int | None) -> str:
    """Return a span as people read it ("840 ms", "1.24 s", "2 min 5 s"); a dash if it is not known."""
    if milliseconds is None:
        return "—"
    if milliseconds < SECOND_MS:
        return f"{milliseconds} ms"
    seconds = milliseconds / SECOND_MS
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return f"{seconds:.2f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
