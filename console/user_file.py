"""A file of accounts to be made: CSV as spreadsheets write it, read as a whole, each fault with its line.

The first line names the columns: `username` and `email`, and any of `group`, `credit` (USD), `staff` (yes or no) and
`language`, in any order. The text is UTF-8, with or without a byte order mark.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts import names
from common import money
from common.sheet import FORMULA

LARGEST = 32 * 2**20  # bytes
MOST = 50_000  # accounts
NEEDED, OPTIONAL = ("username", "email"), ("group", "credit", "staff", "language")
YES, NO = {"yes", "true", "1"}, {"", "no", "false", "0"}


@dataclass(frozen=True, slots=True)
class Row:
    """An account that is asked for; `credit` is in nano-USD, an empty group is the default one."""

    line: int
    username: str
    email: str
    group: str = ""
    credit: int = 0
    staff: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line will not do; the column is empty where it is the line as a whole."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}{', ' if self.column else ''}{self.column}: {self.text}"


class _Unreadable(Exception):
    """The file cannot be read on; holds the fault."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.fault = Fault(line, "", text)


def read(path: Path) -> tuple[list[Row], list[Fault]]:
    """Return the rows of a file that are in order, and every fault of the others."""
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        for line, cells in _records(_text(path)):
            found = _faulty(line, cells)
            faults += found
            if not found:
                rows.append(_row(line, cells))
    except _Unreadable as end:
        faults.append(end.fault)
    return rows, faults


def _text(path: Path) -> str:
    """Return what the file says."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise _Unreadable(1, f"The file is larger than {LARGEST // 2**20} MiB.")
    if b"\0" in raw:
        raise _Unreadable(raw[: raw.index(b"\0")].count(b"\n") + 1, "There is a NUL byte. Save the file as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _Unreadable(line, "This is not UTF-8. Save the file as UTF-8.") from error


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line at which a record begins, and its cells by column."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    begins, count = 1, 0
    try:
        for record in reader:
            line, begins = begins, reader.line_num + 1
            cells = [cell.strip(" ") for cell in record]
            if not any(cells):
                continue
            if not columns:
                columns = _columns(line, cells)
                continue
            count += 1
            if count > MOST:
                raise _Unreadable(line, f"A file has at most {MOST} accounts.")
            if len(cells) != len(columns):
                yield line, {"": f"There are {len(cells)} cells; the first line names {len(columns)} columns."}
            else:
                yield line, dict(zip(columns, cells, strict=True))
    except csv.Error as error:
        raise _Unreadable(reader.line_num, f"This is not CSV: {error}.") from error
    if not columns:
        raise _Unreadable(1, f"The file is empty. Its first line names the columns: {', '.join(NEEDED)}.")


def _columns(line: int, cells: list[str]) -> list[str]:
    """Return the columns that the first line names."""
    columns = [cell.lower() for cell in cells]
    known = ", ".join((*NEEDED, *OPTIONAL))
    strange = [column for column in columns if column not in {*NEEDED, *OPTIONAL}]
    if strange:
        raise _Unreadable(line, f"There is no column {strange[0][:40]!r}. The first line names columns: {known}.")
    if len(set(columns)) < len(columns) or not set(NEEDED) <= set(columns):
        raise _Unreadable(line, f"Each column is named once, and {' and '.join(NEEDED)} are needed.")
    return columns


def _faulty(line: int, cells: dict[str, str]) -> list[Fault]:
    """Return what is wrong with the cells of a line."""
    if "" in cells:
        return [Fault(line, "", cells[""])]
    faults = []
    for column, cell in cells.items():
        problem = _problem(column, cell)
        if problem:
            faults.append(Fault(line, column, problem))
    return faults


def _problem(column: str, cell: str) -> str:
    """Return why a cell will not do, empty if it will."""
    if cell.startswith(FORMULA):
        return "A spreadsheet would compute this cell."
    if not cell.isprintable():
        return "There are control characters in it."
    try:
        CHECKS[column](cell)
    except ValidationError as error:
        return " ".join(error.messages)
    except ValueError as error:
        return f"{error}."
    return ""


def _credit(cell: str) -> int:
    return money.from_usd(cell) if cell else 0


def _staff(cell: str) -> bool:
    if cell.lower() not in YES | NO:
        raise ValueError(f"{cell!r} is neither yes nor no")
    return cell.lower() in YES


def _language(cell: str) -> str:
    codes = {code.lower(): code for code, _ in settings.LANGUAGES}
    if cell and cell.lower() not in codes:
        raise ValueError(f"{cell!r} is none of {', '.join(codes)}")
    return codes.get(cell.lower(), "")


CHECKS: dict[str, Callable[[str], object]] = {
    "username": names.validate_name,
    "email": names.validate_address,
    "group": str,
    "credit": _credit,
    "staff": _staff,
    "language": _language,
}


def _row(line: int, cells: dict[str, str]) -> Row:
    return Row(
        line,
        cells["username"],
        cells["email"].lower(),
        cells.get("group", ""),
        _credit(cells.get("credit", "")),
        _staff(cells.get("staff", "")),
        _language(cells.get("language", "")),
    )
