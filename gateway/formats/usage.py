"""What upstreams report as usage, in the dialects met in the wild."""

from collections.abc import Mapping
from typing import Any

from pricing.units import Units

NOTHING: Mapping[str, Any] = {}


def units(usage: Mapping[str, Any]) -> Units | None:
    """Return the units of an OpenAI-shaped `usage`, None where a number is missing, negative or no whole number."""
    inputs, outputs = _details(usage, "prompt_tokens_details"), _details(usage, "completion_tokens_details")
    cached = inputs.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0  # the latter is DeepSeek's
    written = inputs.get("cache_write_tokens") or inputs.get("cache_creation_tokens") or 0
    reasoning = outputs.get("reasoning_tokens") or 0
    audio_input, audio_output = inputs.get("audio_tokens") or 0, outputs.get("audio_tokens") or 0
    prompt: Any = usage.get("prompt_tokens")
    completion: Any = usage.get("completion_tokens")
    for part in (prompt, completion, cached, written, reasoning, audio_input, audio_output):
        if type(part) is not int or part < 0:  # a bool is no number here
            return None
    if reasoning and usage.get("total_tokens") == prompt + completion + reasoning:
        completion += reasoning  # xAI's completion leaves the reasoning out: only its total tells
    return Units(prompt, completion, cached, written, reasoning, audio_input, audio_output)


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = usage.get(name)
    return value if isinstance(value, dict) else NOTHING
