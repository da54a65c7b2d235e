"""POST /v1/chat/completions: where its model, its limits and its usage stand (OpenAI's API reference, "Chat")."""

from collections.abc import Mapping
from typing import Any

from common import strictjson
from gateway import estimate
from gateway.asked import Asked
from gateway.errors import InvalidRequest
from gateway.formats import fields, usage
from gateway.routing import Candidate

path = "chat/completions"
units = usage.units

MOST_COPIES = 128  # of the API reference
MAXIMA = ("max_completion_tokens", "max_tokens")
OWN_TOOLS = ("function", "custom")  # run by the client; every other type runs upstream, at a price of its own
PLAIN_TIERS = (None, "auto", "default")
STATEFUL = frozenset(
    {"store", "background", "previous_response_id", "conversation", "service_tier", "tools", "web_search_options"}
)
SILENT = frozenset({"role", "id", "type", "index"})  # members of a delta that nobody reads
HINT_LENGTH = 512


def read(body: bytes, payload: Any) -> Asked:
    """Return what the body asks for. Raises InvalidRequest."""
    model = fields.model(payload)
    messages = fields.objects(payload, "messages")
    if not messages:
        raise InvalidRequest("messages must be a list of at least one message.", param="messages")
    stream = fields.flag(payload, "stream")
    options = fields.members(payload, "stream_options")
    stateful, unrated = _upstream_state(payload)
    return Asked(
        body=body,
        payload=payload,
        model=model,
        stream=stream,
        prompt_tokens=estimate.prompt_tokens(
            messages, payload.get("tools"), payload.get("functions"), payload.get("response_format")
        ),
        client_max=max([most for name in MAXIMA if (most := fields.count(payload, name))], default=None),
        copies=fields.count(payload, "n", most=MOST_COPIES) or 1,
        wants_usage=stream and fields.flag(options, "include_usage"),
        stateful=stateful,
        unrated=unrated,
        session=fields.text(payload, "prompt_cache_key"),
        hint=_hint(payload, messages),
    )


def _upstream_state(payload: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields that only some channels may receive, and those of them without a rate."""
    if STATEFUL.isdisjoint(payload):
        return (), ()
    tools = fields.objects(payload, "tools")
    state = [name for name in ("store", "background") if fields.flag(payload, name)]
    state += [name for name in ("previous_response_id", "conversation") if payload.get(name) is not None]
    unrated = [
        name
        for name, asked in (
            ("service_tier", payload.get("service_tier") not in PLAIN_TIERS),
            ("tools", any(tool.get("type") not in OWN_TOOLS for tool in tools)),
            ("web_search_options", payload.get("web_search_options") is not None),
        )
        if asked
    ]
    return tuple(state + unrated), tuple(unrated)


def _hint(payload: Mapping[str, Any], messages: list[dict[str, Any]]) -> str:
    metadata = payload.get("metadata")
    user = fields.text(metadata, "user_id") if isinstance(metadata, dict) else ""
    return user or fields.text(messages[0], "content")[:HINT_LENGTH]


def body_for(asked: Asked, candidate: Candidate, bound: int | None) -> bytes:
    """Return the client's bytes with only this changed: the model's name, usage asked for, and the output bound."""
    body = asked.body
    if candidate.upstream_model != asked.model:
        body = strictjson.replace(body, ("model",), candidate.upstream_model)
    if asked.stream and not asked.wants_usage:
        body = _ask_for_usage(body, asked.payload)
    return body if bound is None else _tell_bound(body, asked, candidate, bound)


def adds_bound(asked: Asked, candidate: Candidate, bound: int) -> bool:
    """Return whether telling the bound changes what the client has told itself."""
    if asked.client_max is not None:
        return asked.client_max > bound
    return candidate.bound_field != "none"


def _ask_for_usage(body: bytes, payload: Mapping[str, Any]) -> bytes:
    options = payload.get("stream_options")
    if options is None:
        return _put(body, payload, "stream_options", {"include_usage": True})
    if "include_usage" in options:
        return strictjson.replace(body, ("stream_options", "include_usage"), value=True)
    return strictjson.insert(body, ("stream_options",), "include_usage", value=True)


def _tell_bound(body: bytes, asked: Asked, candidate: Candidate, bound: int) -> bytes:
    if asked.client_max is None:
        return body if candidate.bound_field == "none" else _put(body, asked.payload, candidate.bound_field, bound)
    for name in MAXIMA:
        if (asked.payload.get(name) or 0) > bound:
            body = strictjson.replace(body, (name,), bound)
    return body


def _put(body: bytes, payload: Mapping[str, Any], name: str, value: Any) -> bytes:
    if name in payload:
        return strictjson.replace(body, (name,), value)
    return strictjson.insert(body, (), name, value)


def seen(answer: Mapping[str, Any]) -> int:
    """Return the bytes of text that the choices of an answer, or of one event of it, give to the client."""
    choices = answer.get("choices")
    if not isinstance(choices, list):
        return 0
    return sum(_said(choice) for choice in choices if isinstance(choice, dict))


def _said(choice: Mapping[str, Any]) -> int:
    said = choice.get("delta") or choice.get("message")
    if not isinstance(said, dict):
        return 0
    # what most events hold, without a walk
    if len(said) == 1 and isinstance(content := said.get("content"), str):
        return len(content) if content.isascii() else len(content.encode())
    return estimate.text_size(said, names=False, silent=SILENT)
