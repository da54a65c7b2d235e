"""Log lines: one JSON object per event, whatever the event carries."""

import json
import logging
import os
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import logs

FORGED = '{"level": "error", "message": "forged"}'
HOSTILE = {
    "crlf": f"a\r\n{FORGED}\r\n",
    "escape": "\x1b[2J\x1b]0;title\x07",
    "nul": "a\x00b",
    "backspace": "admin\x08\x08\x7f",
    "c1": "\x9b31m\x85next",
    "separators": f"a\u2028{FORGED}\u2029\x0b\x0c\x1c\x1d\x1e",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "surrogate": "a\ud800b\udfff",
    "quotes": '"}\\" , "level": "x',
    "chinese": "渠道",
    "megabyte": "x" * 1_000_000,
    "megabyte of escapes": "\U0001f600" * 250_000,
    "lines": "\n" * 100_000,
}


def line(message: object, *args: object, error: BaseException | None = None, **more: str | None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("gate", logging.WARNING, "x.py", 1, message, args, exc_info, sinfo=more.get("stack"))
    return logs.JsonLine().format(record)


def parsed(text: str) -> dict[str, str]:
    """Read a line as a strict parser would; it must be one line of printable ASCII, of a size that is not cut."""
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= logs.LONGEST_LINE
    found = json.loads(text)
    assert list(found)[:4] == ["time", "level", "logger", "message"]
    for value in found.values():
        value.encode()  # no lone surrogate, which parsers of other languages refuse
    return dict(found)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.req("I13")
@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_an_event_says_it_is_one_line(name: str) -> None:
    value = HOSTILE[name]
    for text in (line(value), line("Channel %s", value), line("It failed", error=raised(ValueError(value)))):
        assert parsed(text)["level"] == "warning"
    assert parsed(line("It failed", error=raised(ValueError(value))))["exception"].startswith("Traceback")


@pytest.mark.req("I13")
@given(st.text(st.characters()), st.text(st.characters()))
def test_no_text_at_all_makes_a_second_line(said: str, failed: str) -> None:
    found = parsed(line("%s", said, error=raised(OSError(failed))))
    assert set(found) == {"time", "level", "logger", "message", "exception"}


def test_what_is_readable_stays_as_it_was() -> None:
    found = parsed(line("Channel %s did not answer: %d", "渠道 “a”", 503))
    assert found["message"] == "Channel 渠道 “a” did not answer: 503"
    assert found["logger"] == "gate"
    assert parsed(line("a\ud800b"))["message"] == "a\\ud800b"


def test_the_time_is_of_the_whole_world_and_of_a_millisecond(time_machine) -> None:
    time_machine.move_to("2026-03-01T12:00:00.25Z", tick=False)
    assert parsed(line("x"))["time"] == "2026-03-01T12:00:00.250+00:00"


def test_a_long_text_keeps_beginning_and_end_and_says_what_is_missing() -> None:
    found = parsed(line("begin " + "x" * 1_000_000 + " end"))["message"]
    assert found.startswith("begin ")
    assert found.endswith(" end")
    assert "[... 992010 characters ...]" in found


def test_a_long_exception_leaves_room_for_the_message() -> None:
    found = parsed(line("The page failed", error=raised(ValueError("\U0001f600" * 100_000))))
    assert found["message"] == "The page failed"
    assert "ValueError" in found["exception"]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.req("I13")
@pytest.mark.parametrize(
    ("message", "args", "told"),
    [
        ("%s and %s", ("one",), "%s and %s (TypeError while it was told)"),
        ("%d", ("text",), "%d (TypeError while it was told)"),
        ("of %s", (Broken(),), "of %s (RuntimeError while it was told)"),
        (Broken(), (), "Broken (RuntimeError while it was told)"),
    ],
)
def test_an_event_that_cannot_be_told_is_told_all_the_same(
    message: object, args: tuple[object, ...], told: str
) -> None:
    assert parsed(line(message, *args))["message"] == told


def test_an_exception_without_a_text_is_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "Mute" in parsed(line("x", error=raised(Mute())))["exception"]


def test_a_stack_that_was_asked_for_is_told() -> None:
    assert parsed(line("x", stack="Stack (most recent call last):\n  here"))["exception"].endswith("here")


SECRETS = {
    "key": "sk-tg-" + "a1B2" * 9 + "zz",
    "token": "tgat-" + "a1B2" * 9 + "zz",
    "bearer": "Bearer abc.def",
    "webhook": "whsec_abcdef",
    "path": "Internal Server Error: /accounts/password/reset/key/1-d4qjc-abcdef0123/",
    "query": "GET /setup/?token=abcdef0123&next=/",
    "code": "https://console.example/cb?a=1&code=abcdef0123",
    "url": "could not connect to postgres://gate:abcdef0123@db/x",
}


@pytest.mark.req("I19")
@pytest.mark.parametrize("kind", SECRETS)
def test_what_looks_like_a_secret_is_masked_before_anything_is_cut(kind: str) -> None:
    text = SECRETS[kind]
    for filler in (0, logs.LONGEST_TEXT // 2 - 20):
        found = parsed(line("x" * filler + " " + text, error=raised(ValueError(text))))
        assert "[secret]" in found["message"] + found["exception"]
        for part in ("abcdef0123", "a1B2a1B2", "abc.def"):
            assert part not in found["message"] + found["exception"]


@pytest.mark.req("I19")
def test_values_of_a_refused_row_are_masked() -> None:
    values = "(mei, a\n\n{} hash).\nHINT: x".format("secret")  # a traceback quotes this line
    refused = raised(sqlite3.IntegrityError(f"null value\nDETAIL:  Failing row contains {values}"))
    error = ValueError("not stored")
    error.__cause__ = refused
    told = parsed(line("x", error=error))["exception"]
    assert "null value\n[values]\n\nThe above exception" in told
    assert "not stored" in told
    assert "secret hash" not in told


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A pipe in the place of standard error."""
    reads, writes = os.pipe()
    monkeypatch.setattr(logs, "STDERR", writes)
    yield reads, writes
    os.close(reads)


def test_a_line_is_one_write(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, write = [], os.write

    def counted(fd: int, data: memoryview) -> int:
        sizes.append(len(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", counted)
    handler = logs.LineHandler()
    handler.setFormatter(logs.JsonLine())
    handler.handle(logging.makeLogRecord({"msg": "渠道\n" * 3000, "levelname": "INFO"}))
    os.close(pipe[1])
    with os.fdopen(os.dup(pipe[0]), "rb") as text:
        written = text.read()
    assert sizes == [len(written)]
    assert written.count(b"\n") == 1
    assert sizes[0] > 8_192, "more than a buffer would have held together"


def test_a_log_that_is_closed_stops_nothing(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "STDERR", -1)
    handler = logs.LineHandler()
    handler.setFormatter(logs.JsonLine())
    handler.handle(logging.makeLogRecord({"msg": "x"}))
    os.close(pipe[1])


STRAY = """
import sys, threading, warnings
import django
from django.conf import settings
django.setup()
from common import logs
logs.catch_strays()
warnings.warn("old\\nhabits")
class Grumpy:
    def __del__(self):
        raise ValueError("nobody\\nlistens")
Grumpy()
for error in (RuntimeError("in a\\nthread"), SystemExit(0)):
    def work():
        raise error
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
raise KeyError("last\\nwords")
"""


@pytest.mark.req("I13")
def test_what_python_would_print_by_itself_is_logged(tmp_path) -> None:
    environment = os.environ | {"TOLLGATE_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", STRAY], env=environment, capture_output=True, check=False, timeout=60)
    lines = [parsed(text) for text in done.stderr.decode().splitlines()]
    told = [found["message"] for found in lines]
    assert "UserWarning: old\nhabits" in told[0]
    assert told[1:] == ["An error had nobody to tell", "A thread ended", "The process ended"]
    assert "last\\nwords" in lines[-1]["exception"]
    assert done.returncode == 1


def test_what_is_escaped_is_what_would_not_be_printed() -> None:
    everything = "".join(map(chr, [*range(0x100), 0x2028, 0x2029, 0x202E, 0xFEFF]))
    text = line(everything)
    assert not {unicodedata.category(letter) for letter in text} & {"Cc", "Cf", "Zl", "Zp"}
    assert parsed(text)["message"] == everything
