"""Log lines and error reports without secrets or addresses."""

import json
import logging
import re
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

SECRET = re.compile(r"(sk-[A-Za-z0-9_-]{3,4}|tgat-)[A-Za-z0-9_-]{8,}|(?i:bearer)\s+\S+|whsec_\S+")


class PrivateFilter(logging.Filter):
    """Mask what looks like a key wherever a log line carries one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = SECRET.sub("[secret]", record.getMessage())
        record.args = None
        return True


class JsonLine(logging.Formatter):
    """One JSON object per event, so that no text in it can forge a second line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = SECRET.sub("[secret]", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)


class PrivateReporterFilter(SafeExceptionReporterFilter):
    """Error reports without addresses, query strings, cookies or form values."""

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        kept = {"REQUEST_METHOD", "PATH_INFO", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL"}
        return {key: value for key, value in super().get_safe_request_meta(request).items() if key in kept}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}
