"""Figures of several rounds as a table, and the machine they come from."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib.metadata import version
from statistics import median

from bench.load import Cell, Cells

PACKAGES = ("django", "granian", "uvloop", "aiohttp", "orjson", "psycopg")


def middle(rounds: Sequence[Cell]) -> Cell:
    """Return the median of each figure; counts of what went wrong are summed."""
    figures = {field.name: median(getattr(cell, field.name) for cell in rounds) for field in fields(Cell)}
    totals = {name: sum(getattr(cell, name) for cell in rounds) for name in ("right", "bad", "errors")}
    return Cell(**figures | totals)


def calls_table(cells: Cells, *, baselines: Sequence[str]) -> str:
    """Return a markdown table of calls, with the ratio of calls a second to each baseline at the same connections."""
    ratios = [f"x {name}" for name in baselines]
    head = ["system", "c", "calls/s", "p50 ms", "p99 ms", "app µs", "DB µs", "PSS MB", "not 2xx or wrong", *ratios]
    rows = [head, ["---"] * len(head)]
    for (system, connections), rounds in cells.items():
        cell = middle(rounds)
        shown = [system, str(connections), f"{cell.rps:,.0f}", f"{cell.p50:.2f}", f"{cell.p99:.2f}"]
        shown += [f"{cell.app_us:.0f}", f"{cell.db_us:.0f}" if cell.db_us else "-", f"{cell.pss_mb:.0f}", str(cell.bad)]
        for name in baselines:
            base = cells.get((name, connections))
            shown.append(f"{cell.rps / middle(base).rps:.3g}" if base and middle(base).rps else "-")
        rows.append(shown)
    return _lines(rows)


def streams_table(cells: Cells) -> str:
    """Return a markdown table of streams."""
    head = ["streams of 50 events", "c", "first byte p50 ms", "p99 ms", "streams/s", "app µs", "PSS MB", "errors"]
    rows = [head, ["---"] * len(head)]
    for (system, connections), rounds in cells.items():
        cell = middle(rounds)
        shown = [system, str(connections), f"{cell.p50:.2f}", f"{cell.p99:.2f}", f"{cell.rps:.0f}"]
        rows.append([*shown, f"{cell.app_us:.0f}", f"{cell.pss_mb:.0f}", str(cell.bad)])
    return _lines(rows)


def not_right(cells: Cells) -> Iterator[str]:
    """Yield where an answer had another status or other bytes than the upstream gave."""
    for (system, connections), rounds in cells.items():
        if bad := middle(rounds).bad:
            yield f"{system} at c={connections}: {bad:.0f} answers were not right"


def machine(store: str) -> str:
    """Return what the figures depend on: processors, load, versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    nginx = subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True, check=False).stderr
    load = " ".join(f"{figure:.1f}" for figure in os.getloadavg())
    cores = os.cpu_count()
    return (
        f"{cores} cores, Python {platform.python_version()}, {packages}, nginx {nginx.strip().rpartition('/')[2]},"
        f" {store}; load average before {load}. Load, mock upstream and database share the cores."
    )


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
