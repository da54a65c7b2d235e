"""The cost that a usage names: an upstream's is the operator's own business, ours takes its place."""

from decimal import Decimal
from typing import Any

from common import money, strictjson

NAMES = ("cost", "cost_details")  # OpenRouter's
USAGE = ("usage",)


def removed(body: bytes, usage: Any) -> bytes:
    """Return the body without what its `usage` says the upstream was paid."""
    if isinstance(usage, dict):
        for name in NAMES:
            if name in usage:
                body = strictjson.remove(body, (*USAGE, name))
    return body


def replaced(body: bytes, usage: dict[str, Any], charge: int) -> bytes:
    """Return the body with `charge` nano-USD as its usage's cost, in USD."""
    return strictjson.insert(removed(body, usage), USAGE, "cost", Decimal(money.plain(charge)))
