"""How much a call may use, before anyone knows: an estimate that the hold is built on."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from pricing.units import Rates

BYTES_PER_TOKEN = 3  # low on purpose: English needs 4, Chinese 3
PER_MESSAGE = 8
AUDIO_BYTES_PER_TOKEN = 1_000  # of base64; a compressed second is 8 to 10 kB and about 10 tokens
LARGEST = 2**31 - 1  # what the columns of holds and logs take
UNKNOWN_LIMIT = 131_072  # output tokens of a model of which no price names a limit: longer than any known to us


def tokens(size: int) -> int:
    """Return the tokens of `size` bytes of text."""
    return -(-size // BYTES_PER_TOKEN)


def prompt_tokens(messages: Iterable[Any], *schemas: Any) -> int:
    """Return the estimate of a prompt: its text, each message, each image, and the schemas sent with it."""
    text = extra = 0
    for message in messages:
        extra += PER_MESSAGE
        content = message.get("content")
        if isinstance(content, str):
            text += _size(content)
        else:
            more_text, more = _parts(content)
            text, extra = text + more_text, extra + more
        if len(message) > 2:  # noqa: PLR2004 (role and content)
            text += sum(text_size(value) for name, value in message.items() if name not in {"role", "content"})
    text += sum(text_size(schema) for schema in schemas if schema is not None)
    return min(tokens(text) + extra, LARGEST)


def _parts(content: Any) -> tuple[int, int]:
    """Return the bytes of text of a message of parts, and the tokens of its images and sounds."""
    if not isinstance(content, list):
        return text_size(content), 0
    text = extra = 0
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in {"image_url", "input_image", "image"}:
            extra += settings.IMAGE_TOKENS
        elif kind == "input_audio":
            extra += settings.IMAGE_TOKENS + text_size(part) // AUDIO_BYTES_PER_TOKEN
        else:
            text += text_size(part)
    return text, extra


def text_size(value: Any, *, names: bool = True, silent: frozenset[str] = frozenset()) -> int:
    """Return the UTF-8 bytes of all strings in `value`, with the names of members or not, without the `silent` ones."""
    size, level = 0, [value]
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                size += _size(item)
            elif isinstance(item, dict):
                below += item if names else ()
                below += [member for name, member in item.items() if name not in silent] if silent else item.values()
            elif isinstance(item, list):
                below += item
        level = below
    return size


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def output_limit(rates: Rates, prompt: int) -> int | None:
    """Return the most output tokens that the model can answer a prompt with, None where its price does not say."""
    if rates.context is None:
        return rates.max_output
    room = max(rates.context - prompt, 1)
    return room if rates.max_output is None else min(rates.max_output, room)
