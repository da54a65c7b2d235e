"""Log lines and error reports: one JSON object per event, without secrets or addresses."""

import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

logger = logging.getLogger(__name__)

LONGEST_LINE = 16_000  # bytes: Docker cuts lines at 16 KiB, journald at 48
LONGEST_TEXT = 8_000  # characters of a message, and of a traceback
LEAST_TEXT = 500  # of both together, escaped, still fits a line
STDERR = 2
SECRET = re.compile(
    r"(sk-[A-Za-z0-9_-]{3,4}|tgat-)[A-Za-z0-9_-]{8,}|(?i:bearer)\s+\S+|whsec_\S+"
    r"|(?:(?<=/reset/key/)|(?<=/confirm-email/))[^\s/]+"  # paths of links that were mailed
    r"|(?<=[?&])(?:token|invitation|code|state|key|secret|password)=[^\s&'\"]+"
    r"|(?<=://)[^\s/@]+(?=@)"  # name and password in a URL
)
# PostgreSQL repeats rows and values to explain what it refused
VALUES = re.compile(r"^(?:DETAIL|CONTEXT):.*?(?=\n\n(?:The above|During)|\Z)", re.MULTILINE | re.DOTALL)


class JsonLine(logging.Formatter):
    """One JSON object per event: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and `exception`, a traceback.

    The line is ASCII of at most 16,000 bytes, whatever the event carries: what could end a line, turn the direction of
    the text or speak to a terminal is escaped, a lone surrogate is written out (JSON parsers refuse it), a long text
    loses its middle. What looks like a secret is masked first, so that no cut can hide one.
    """

    def format(self, record: logging.LogRecord) -> str:
        texts = {"message": masked(_message(record))}
        if told := _trace(record):
            texts["exception"] = masked(told)
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        limit = LONGEST_TEXT
        while len(line := _line(fields, texts, limit)) > LONGEST_LINE and limit > LEAST_TEXT:
            limit //= 2
        return line


class LineHandler(logging.Handler):
    """Standard error, one write per line, so that processes that share it do not write into each other's lines."""

    def emit(self, record: logging.LogRecord) -> None:
        line = memoryview(f"{self.format(record)}\n".encode())
        with suppress(OSError):  # a log that is full or closed must not stop what it tells of
            while line:
                line = line[os.write(STDERR, line) :]


def masked(text: str) -> str:
    """Return the text without what looks like a key, a token or the values of a row."""
    return VALUES.sub("[values]", SECRET.sub("[secret]", text))


def catch_strays() -> None:
    """Log what Python would print by itself: warnings, and what ends a process or a thread."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda *raised: _stray("The process ended", raised[1])
    threading.excepthook = lambda args: _stray("A thread ended", args.exc_value)
    sys.unraisablehook = lambda args: _stray("An error had nobody to tell", args.exc_value)


def _stray(what: str, error: BaseException | None) -> None:
    if not isinstance(error, SystemExit):  # a thread that ends itself
        logger.error("%s", what, exc_info=error)


def _message(record: logging.LogRecord) -> str:
    """Return what the event says, even where its values cannot be put into it."""
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 (whatever the text of a value raises)
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{said} ({type(error).__name__} while it was told)"


def _trace(record: logging.LogRecord) -> str:
    """Return the traceback of the event, and the stack where one was asked for; empty where there is none."""
    error = record.exc_info[1] if record.exc_info else None
    try:
        told = "".join(traceback.format_exception(error)) if error else ""
    except Exception as inner:  # noqa: BLE001 (as above)
        told = f"{type(error).__name__} ({type(inner).__name__} while it was told)"
    return (told + (record.stack_info or "")).rstrip("\n")


def _line(fields: Mapping[str, str], texts: Mapping[str, str], limit: int) -> str:
    shown = {name: _plain(_shortened(text, limit)) for name, text in texts.items()}
    return json.dumps({**fields, **shown}, ensure_ascii=True).replace("\x7f", "\\u007f")


def _shortened(text: str, limit: int) -> str:
    """Return the text without its middle: the beginning says what it is, the end of a traceback what was raised."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} [... {len(text) - 2 * half} characters ...] {text[-half:]}"


def _plain(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


class PrivateReporterFilter(SafeExceptionReporterFilter):
    """Error reports without addresses, query strings, cookies or form values."""

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        kept = {"REQUEST_METHOD", "PATH_INFO", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL"}
        return {key: value for key, value in super().get_safe_request_meta(request).items() if key in kept}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}
