"""What must be true of the settings before the gate may start."""

from collections.abc import Sequence
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

# each refuses what the next ones take for granted
OBLIGATORY = (
    "gateway.middleware.Authenticate",
    "privacy.middleware.ClientAddress",
    "pricing.middleware.PriceGate",
)


def api_middleware(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 (Django's call)
    """Return an error for each rule that is missing, out of order, or not made for the event loop."""
    named = list(settings.API_MIDDLEWARE)
    errors = [error for name in named for error in _not_async(name)]
    kept = [name for name in named if name in OBLIGATORY]
    if kept != list(OBLIGATORY):
        errors.append(
            Error(
                "API_MIDDLEWARE lacks a rule of the gate, or has them in another order.",
                hint=f"Keep {', '.join(OBLIGATORY)}, once each and in this order; others may stand between.",
                id="gateway.E002",
            )
        )
    return errors


def _not_async(name: str) -> list[CheckMessage]:
    rule = import_string(name)
    is_async = getattr(rule, "async_capable", False) and not getattr(rule, "sync_capable", True)
    if is_async and iscoroutinefunction(getattr(rule, "__call__", None)):  # noqa: B004 (its kind is asked, not callable())
        return []
    return [
        Error(
            f"{name} in API_MIDDLEWARE is no class of async code only.",
            hint="Set async_capable = True and sync_capable = False, and make __call__ a coroutine function: "
            "a thread hop costs more than a whole call.",
            id="gateway.E001",
        )
    ]
