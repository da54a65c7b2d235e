"""Which origins a browser lets call /v1: those of TOLLGATE_CORS_ORIGINS, and never with credentials."""

import re
from collections.abc import Mapping

from django.conf import settings

METHODS = "GET, POST, OPTIONS"
ALLOWED = re.compile(
    r"authorization|x-api-key|content-type|accept|user-agent|idempotency-key|(?:anthropic|openai|x-stainless)-[a-z0-9-]+"
)
ALWAYS = ("authorization", "x-api-key", "content-type")
EXPOSED = "x-request-id, x-tollgate-charge-usd, x-tollgate-max-output, retry-after"
MAX_AGE = "600"  # seconds; browsers cap it at that or a little more


def headers(origin: str | None) -> dict[str, str]:
    """Return the headers of an answer to this origin; none where there is no origin or it may not call."""
    if origin is None:
        return {}
    if "*" in settings.CORS_ORIGINS:
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED}
    if origin not in settings.CORS_ORIGINS:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED, "Vary": "Origin"}


def preflight(request_headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the answer to a preflight (Fetch standard, 3.2.2)."""
    granted = headers(request_headers.get("origin"))
    if "Access-Control-Allow-Origin" not in granted:
        return granted
    asked = request_headers.get("access-control-request-headers", "").lower().split(",")
    allowed = [name for part in asked if ALLOWED.fullmatch(name := part.strip())]
    return {
        **granted,
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ", ".join(dict.fromkeys([*ALWAYS, *allowed])),
        "Access-Control-Max-Age": MAX_AGE,
    }
