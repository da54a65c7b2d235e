"""Files of accounts: everything that a spreadsheet or an enemy can put into one, each fault with its line."""

import time
from pathlib import Path

import pytest
from django.utils import translation

from console import user_file
from console.user_file import Row

HEAD = b"username,email,group,credit,staff,language\n"


@pytest.fixture
def read(tmp_path: Path):
    def read(raw: bytes) -> tuple[list[Row], list[str]]:
        path = tmp_path / "accounts.csv"
        path.write_bytes(raw)
        with translation.override("en"):
            rows, faults = user_file.read(path)
        return rows, [str(fault) for fault in faults]

    return read


def test_a_row_is_read_by_its_columns(read):
    rows, faults = read(HEAD + b"ann,Ann@Example.com,gold,2.50,yes,zh-Hans\n bob , bob@example.com ,,,,\n")
    assert faults == []
    assert rows == [
        Row(2, "ann", "ann@example.com", "gold", 2_500_000_000, True, "zh-hans"),  # noqa: FBT003
        Row(3, "bob", "bob@example.com"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfusername,email\r\nann,ann@example.com\r\n",
        b"Email,USERNAME\nann@example.com,ann",
        b'\n\n"username","email"\n\n"ann","ann@example.com"\n,\n',
        b"username,email,staff\rann,ann@example.com,no\r",
    ],
)
def test_files_as_spreadsheets_write_them(read, raw):
    rows, faults = read(raw)
    assert faults == []
    assert [(row.username, row.email) for row in rows] == [("ann", "ann@example.com")]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "line 1: The file is empty."),
        (b"\n\n", "line 1: The file is empty."),
        (b"username;email\nann;a@example.com\n", "line 1: There is no column 'username;email'."),
        (b"username,email,is_superuser\n", "line 1: There is no column 'is_superuser'."),
        (b"username\nann\n", "line 1: Each column is named once, and username and email are needed."),
        (b"username,email,email\n", "line 1: Each column is named once"),
        (b"username,email\nann,a@example.com\nb\0b,b@example.com\n", "line 3: There is a NUL byte."),
        ("username,email\nann,a@example.com\n".encode("utf-16"), "line 1: There is a NUL byte."),
        (b"username,email\nann,a@example.com\n\xe4nn,b@example.com\n", "line 3: This is not UTF-8."),
        ("username,email\n李,a@example.com\n".encode("gb18030"), "line 2: This is not UTF-8."),
        (b'username,email\n"ann"x,a@example.com\n', "line 2: This is not CSV"),
        (b'username,email\n"ann,a@example.com\n', "line 2: This is not CSV"),
        (b"username,email\n" + b"x" * 200_000 + b",a@example.com\n", "line 2: This is not CSV"),
        (b"username,email\nann\n", "line 2: There are 1 cells; the first line names 2 columns."),
        (b"username,email\nann,a@example.com,x\n", "line 2: There are 3 cells"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(read, raw, fault):
    _, faults = read(raw)
    assert [said for said in faults if said.startswith(fault)], faults


@pytest.mark.req("I14", "I12")
@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("=cmd|' /C calc'!A0,a@example.com,,,,", "line 2, username: A spreadsheet would compute this cell."),
        ("+ann,a@example.com,,,,", "line 2, username: A spreadsheet would compute"),
        ("ann,=1+1@example.com,,,,", "line 2, email: A spreadsheet would compute"),
        ("ann,a@example.com,@SUM(1),,,", "line 2, group: A spreadsheet would compute"),
        ("ann,a@example.com,,-5,,", "line 2, credit: A spreadsheet would compute"),
        ("ann,a@example.com,,=9,,", "line 2, credit: A spreadsheet would compute"),
        ("a b,a@example.com,,,,", "line 2, username: A username is made of"),
        ("a,a@example.com,,,,", "line 2, username: A username has 2 to 64 characters."),
        ("<b>x</b>,a@example.com,,,,", "line 2, username: A username is made of"),
        ("ann,nobody,,,,", "line 2, email: Enter a valid email address."),
        ("ann,,,,,", "line 2, email: Enter a valid email address."),
        (f"ann,{'x' * 250}@example.com,,,,", "line 2, email: "),
        ("ann,a@example.com,,1.0000000001,,", "line 2, credit: '1.0000000001' is not an amount"),
        ("ann,a@example.com,,NaN,,", "line 2, credit: 'NaN' is not an amount"),
        ("ann,a@example.com,,1e999999999,,", "line 2, credit: '1e999999999' is not an amount"),
        ("ann,a@example.com,,99999999999,,", "line 2, credit: '99999999999' is not an amount"),
        ("ann,a@example.com,,,maybe,", "line 2, staff: 'maybe' is neither yes nor no."),
        ("ann,a@example.com,,,,de", "line 2, language: 'de' is none of en, zh-hans."),
        ("ann,a@example.com,go\x1bld,,,", "line 2, group: There are control characters in it."),
        ('"an\nn",a@example.com,,,,', "line 2, username: There are control characters in it."),
    ],
)
def test_a_cell_that_will_not_do_is_named(read, row, fault):
    rows, faults = read(HEAD + row.encode() + b"\n")
    assert rows == []
    assert [said for said in faults if said.startswith(fault)], faults


def test_every_fault_is_named_and_lines_count_as_an_editor_does(read):
    cells = '"a\nb",x,,,,\n\nann,ann@example.com,,,,\nb,nobody,,,maybe,\n'
    rows, faults = read(HEAD + cells.encode())
    assert [row.line for row in rows] == [5]
    assert [said.partition(":")[0] for said in faults] == [
        "line 2, username",
        "line 2, email",
        "line 6, username",
        "line 6, email",
        "line 6, staff",
    ]


def test_a_file_of_50000_lines_is_judged_in_seconds_and_one_more_is_refused(read):
    lines = b"".join(b"user%d,user%d@example.com,,1,,\n" % (number, number) for number in range(50_000))
    began = time.monotonic()
    rows, faults = read(HEAD + lines)
    assert (len(rows), faults) == (50_000, [])
    assert time.monotonic() - began < 30
    assert read(HEAD + lines + b"more,more@example.com,,1,,\n")[1] == ["line 50002: A file has at most 50000 accounts."]


def test_a_file_that_is_too_large_is_not_read_on(read, monkeypatch):
    monkeypatch.setattr(user_file, "LARGEST", 2**20)
    assert read(HEAD + b"x" * 2**20)[1] == ["line 1: The file is larger than 1 MiB."]
