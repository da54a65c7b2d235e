"""What templates draw: icons, meters, charts, money and time."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from common import money
from common.charts import stacked_bars
from common.when import ago as spoken
from common.when import clock, day, distance

register = template.Library()
register.filter("usd", money.usd)
register.filter("small", money.small)
register.filter("amount", money.amount)
register.filter("day", day)
register.filter("distance", distance)
register.inclusion_tag("elements/stacked_bars.html")(stacked_bars)


@lru_cache(maxsize=256)
def _drawn(name: str, size: int, css: str) -> SafeString:
    attributes = {"class": f"i {css}".strip(), "aria_hidden": "true", "stroke_width": "1.75"}
    return mark_safe(re.sub(r"\s*\n\s*", "", lucide(name, size=size, **attributes)))  # noqa: S308 (drawn by the library)


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """Return a Lucide icon as inline SVG. Raises lucide.IconDoesNotExist for an unknown name."""
    return _drawn(name, size, css)


@register.simple_tag
def meter(percent: float, kind: str = "", tick: float | None = None) -> SafeString:
    """Return a bar filled to `percent`, of kind "", "warn" or "bad", with an optional mark at `tick` percent."""
    width = max(min(float(percent), 100), 0)
    mark = format_html('<rect class="tick" x="{}%" width="2" height="6"/>', tick) if tick is not None else ""
    return format_html(
        '<svg class="meter {}" width="100%" height="6" aria-hidden="true"><rect class="track" width="100%" height="6" '
        'rx="3"/><rect class="fill" width="{}%" height="6" rx="3"/>{}</svg>',
        kind, f"{width:g}", mark,
    )  # fmt: skip


@register.simple_tag
def spark(values: Sequence[float]) -> SafeString:
    """Return a small line of `values`, scaled to their own range; nothing for fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 (a line has two ends)
        return SafeString("")
    low, high = min(values), max(values)
    points = [
        (round(index * 100 / (len(values) - 1), 2), round(26 - (value - low) / (high - low or 1) * 22, 2))
        for index, value in enumerate(values)
    ]
    line = format_html_join(" ", "{},{}", points)
    return format_html(
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon points="0,28 {} 100,28"/><polyline points="{}" vector-effect="non-scaling-stroke"/></svg>',
        line, line,
    )  # fmt: skip


@register.filter
def moment(when: datetime) -> SafeString:
    """Return date and time of a moment, to the second."""
    return format_html('<time datetime="{}">{}</time>', when.isoformat(), clock(when))


@register.filter
def ago(when: datetime) -> SafeString:
    """Return how long ago a moment was, with the exact time as its title."""
    return format_html('<time datetime="{}" title="{}">{}</time>', when.isoformat(), clock(when), spoken(when))
