"""What leaves the gate: JSON bodies, and the shape of errors."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from gateway.errors import Refusal

JSON = "application/json"


def document(value: Any, *, status: int = 200) -> HttpResponse:
    """Return a JSON answer."""
    return HttpResponse(orjson.dumps(value), status=status, content_type=JSON)


def error(refusal: Refusal) -> dict[str, Any]:
    """Return the body of an error in OpenAI's shape."""
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.type,
            "param": refusal.param,
            "code": refusal.code,
        }
    }


def refused(refusal: Refusal) -> HttpResponse:
    """Return the answer of a refusal."""
    response = document(error(refusal), status=refusal.status)
    add(response, refusal.headers)
    return response


def add(response: HttpResponseBase, headers: Mapping[str, str]) -> None:
    """Set these headers."""
    for name, value in headers.items():
        response.headers[name] = value
