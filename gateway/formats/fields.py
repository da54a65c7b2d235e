"""Fields of request bodies, each with what a client is told about a wrong value."""

from collections.abc import Mapping
from typing import Any

from gateway.errors import InvalidRequest

MODEL_LENGTH = 200
Payload = Mapping[str, Any]


def model(payload: Any) -> str:
    """Return the model's name. Raises InvalidRequest."""
    if not isinstance(payload, dict):
        raise InvalidRequest("The body must be a JSON object.")
    name = payload.get("model")
    if not isinstance(name, str) or not 0 < len(name) <= MODEL_LENGTH or not name.isprintable():
        raise InvalidRequest(f"model must be a name of 1 to {MODEL_LENGTH} printable characters.", param="model")
    return name


def flag(payload: Payload, name: str) -> bool:
    """Return a switch; absent and null are off. Raises InvalidRequest."""
    value = payload.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false.", param=name)
    return bool(value)


def count(payload: Payload, name: str, *, most: int | None = None) -> int | None:
    """Return a whole number from 1 to `most`; absent and null are None. Raises InvalidRequest."""
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1 or (most is not None and value > most):
        limit = f"from 1 to {most}" if most is not None else "of at least 1"
        raise InvalidRequest(f"{name} must be a whole number {limit}.", param=name)
    return value


def members(payload: Payload, name: str) -> Payload:
    """Return an object; absent and null are an empty one. Raises InvalidRequest."""
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be an object.", param=name)
    return value


def objects(payload: Payload, name: str) -> list[dict[str, Any]]:
    """Return a list of objects; absent and null are an empty one. Raises InvalidRequest."""
    value = payload.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidRequest(f"{name} must be a list of objects.", param=name)
    return value


def text(payload: Payload, name: str) -> str:
    """Return a text, empty where the field holds anything else; for what the gate only hints with."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""
