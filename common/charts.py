"""Charts as server-drawn SVG: positions and widths in percent, so that text never scales."""

from collections.abc import Sequence
from datetime import date
from math import ceil
from typing import Any

from common import money
from common.when import short_day

SERIES = 5  # colors of a chart: the css classes s0 to s4
LINES = 5  # grid lines at most
MANY, FEW = 0.62, 0.42  # how much of its slot a bar fills


def stacked_bars(days: Sequence[tuple[date, Sequence[int]]], names: Sequence[str], height: int = 256) -> dict[str, Any]:
    """Return what elements/stacked_bars.html draws: a bar a day, stacked by series (at most five) of nano-USD."""
    top = max((sum(values) for _, values in days), default=0)
    step = _step(top)
    count = max(ceil(top / step), 1)
    slot = 100 / max(len(days), 1)
    every = max(len(days) // 7, 1)
    bars = [_bar(day, values, scale=height / (count * step), height=height) for day, values in days]
    width = slot * (MANY if len(days) > 10 else FEW)  # noqa: PLR2004 (a fortnight is many)
    for index, bar in enumerate(bars):
        from_end = len(days) - 1 - index
        bar |= {
            "slot": _percent(slot), "slot_x": _percent(index * slot), "width": _percent(width),
            "x": _percent(index * slot + (slot - width) / 2), "center": _percent((index + 0.5) * slot),
            "label": from_end % every == 0, "minor": from_end % (every * 2) != 0,
        }  # fmt: skip
    ticks = [
        {"y": f"{height - index * height / count:g}", "label": _dollars(index * step)} for index in range(count + 1)
    ]
    legend = "|".join(names[:SERIES])
    return {"bars": bars, "ticks": ticks, "labels": ticks[::-1], "names": legend, "height": height, "full": height + 24}


def _step(top: int) -> int:
    """Return the distance of grid lines: 1, 2 or 5 times a power of ten of nano-USD."""
    unit = 1
    while True:
        for factor in (1, 2, 5):
            if top <= factor * unit * LINES:
                return factor * unit
        unit *= 10


def _bar(day: date, values: Sequence[int], *, scale: float, height: int) -> dict[str, Any]:
    y, parts = float(height), []
    for series, value in enumerate(values[:SERIES]):
        tall = value * scale
        y -= tall
        if value:
            parts.append({"series": series, "y": f"{y:.1f}", "height": f"{max(tall - 1, 0.5):.1f}"})
    texts = [money.amount(value) for value in values[:SERIES]]
    return {"day": short_day(day), "total": money.amount(sum(values)), "values": "|".join(texts), "parts": parts}


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def _dollars(nano: int) -> str:
    return f"${money.to_decimal(nano).normalize():f}"
