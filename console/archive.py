"""All that an account holds, as one zip: each table as JSON for programs and as CSV for people."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _

from accounts import exports as accounts
from accounts.models import User
from common import sheet
from common.tables import Table
from gateway import exports as gateway
from notifications import exports as notifications
from pricing import exports as pricing
from privacy import exports as privacy
from security import exports as security
from sidebar import exports as sidebar
from usage import exports as usage
from wallet import exports as wallet

ROOMS: Sequence[Callable[[User], list[Table]]] = (
    accounts.tables,
    gateway.tables,
    security.tables,
    usage.tables,
    wallet.tables,
    notifications.tables,
    pricing.tables,
    privacy.tables,
    sidebar.tables,
)


def tables(user: User) -> list[Table]:
    """Return every table of an account, of all rooms."""
    return [table for room in ROOMS for table in room(user)]


def pack(user: User, folder: Path, progress: Callable[[int], None]) -> Path:
    """Write the zip in `folder`, which holds the tables one after the other meanwhile; return its path.

    `progress` is told the percentage after each batch of rows.
    """
    found = tables(user)
    told = _Told(sum(table.count() for table in found), progress)
    path = folder / "export.zip"
    with _private(path, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _about(user))
        for table in found:
            for part in _spread(table, folder, told):
                archive.write(part, part.name)
                part.unlink()
    return path


class _Told:
    """Counts rows into percent."""

    def __init__(self, rows: int, progress: Callable[[int], None]) -> None:
        self._rows = max(rows, 1)
        self._progress = progress
        self._done = 0

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress(min(self._done * 100 // self._rows, 99))


def _spread(table: Table, folder: Path, told: _Told) -> Sequence[Path]:
    """Write one table in both forms, in one reading, so that they agree."""
    paths = [folder / f"{table.name}.{form}" for form in ("json", "csv")]
    with ExitStack() as files:
        as_json, as_csv = (files.enter_context(_private(path, "w")) for path in paths)
        rows = csv.writer(as_csv)
        rows.writerow(table.columns)
        before = "[\n"
        for batch in table.batches():
            for row in batch:
                as_json.write(before + json.dumps(row, ensure_ascii=False, default=_plain))
                before = ",\n"
            rows.writerows(_cells(batch))
            told.add(len(batch))
        as_json.write("[]\n" if before == "[\n" else "\n]\n")
    return paths


def _cells(batch: Iterable[dict[str, Any]]) -> Iterable[list[str]]:
    return ([sheet.cell(value) for value in row.values()] for row in batch)


def _plain(value: object) -> str:
    """Return what JSON has no word for: money as exact text, moments by ISO 8601."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _private(path: Path, mode: str) -> IO[Any]:
    """Open a new file that only this process's user may read."""
    path.touch(mode=0o600)
    return path.open(mode) if "b" in mode else path.open(mode, encoding="utf-8", newline="")


def _about(user: User) -> str:
    lines = (
        _("All that Tollgate holds of the account %(name)s.") % {"name": user.username},
        _("Each table is here twice: as JSON for programs, as CSV for spreadsheets."),
        _("Amounts are US dollars, exact to nine decimals. Times are UTC."),
        _("Keys and tokens are named by their hints: their secrets are stored nowhere."),
        _("A quote stands before text in CSV that a spreadsheet would take for a formula."),
    )
    return "\n".join(lines) + "\n"
