"""JSON of strangers: read strictly, changed by splicing, so that every untouched byte stays as it was sent.

Strict is RFC 8259 in UTF-8 without a byte order mark, and less: no name twice, no NaN, no lone surrogate, numbers
that 64 bits hold, at most 64 levels.
"""

import asyncio
import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_DIGITS = 19  # of 2^63 - 1
LARGEST = 2**63 - 1
THREAD_SIZE = 256 * 1024  # bytes; larger bodies would hold up every other call of the process
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Malformed(Exception):
    """The bytes are no strict JSON; the message says what to change."""


async def load(body: bytes) -> Any:
    """Return the value of `body`, in a thread where it is large. Raises Malformed."""
    if len(body) > THREAD_SIZE:
        return await asyncio.to_thread(parse, body)
    return parse(body)


def parse(body: bytes) -> Any:
    """Return the value of `body`. Raises Malformed."""
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: see byte {error.start}.") from error
    except RecursionError as error:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not valid JSON: {error.msg} at character {error.pos}.") from error
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    if SURROGATE.search(body):
        _check_surrogates(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Malformed(f"The name {json.dumps(twice[:100])} stands twice in one object; send it once.")
    return value


def _constant(text: str) -> NoReturn:
    raise Malformed(f"{text} is no JSON number; leave the field out or send null.")


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= MAX_DIGITS + 1 else LARGEST + 1
    if not -LARGEST - 1 <= number <= LARGEST:
        raise Malformed("An integer is outside of 64 bits; send a smaller one.")
    return number


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Malformed("A number is outside of 64 bits; send a smaller one.")
    return number


# strict: no control characters inside of strings, as RFC 8259 has it
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_fraction, strict=True
)
_PLAIN = json.JSONDecoder(strict=False)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level := [child for child in level if isinstance(child, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
        level = [grandchild for child in level for grandchild in _children(child)]


def _check_surrogates(value: Any) -> None:
    level = [value]
    while level:
        for text in (text for item in level for text in (item if isinstance(item, dict) else [item])):
            if isinstance(text, str) and not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
                raise Malformed("A string holds half of a surrogate pair; send whole characters.")
        level = [child for item in level for child in _children(item)]


Path = tuple[str, ...]


def replace(body: bytes, path: Path, value: Any) -> bytes:
    """Return `body` with `value` in place of every member at `path`; all other bytes as they were."""
    text = body.decode()
    for _, start, end in reversed(_find(text, path)):
        text = text[:start] + _dump(value) + text[end:]
    return text.encode()


def insert(body: bytes, path: Path, name: str, value: Any) -> bytes:
    """Return `body` with a new first member in every object at `path`; () is the whole. The name must be absent."""
    text = body.decode()
    for start in reversed(_objects(text, path)):
        empty = text[_space(text, start + 1)] == "}"
        text = f"{text[: start + 1]}{_dump(name)}:{_dump(value)}{'' if empty else ','}{text[start + 1 :]}"
    return text.encode()


def remove(body: bytes, path: Path) -> bytes:
    """Return `body` without every member at `path`, with the comma that parted it from its neighbour."""
    text = body.decode()
    for start, _, end in reversed(_find(text, path)):
        after = _space(text, end)
        if text[after] == ",":
            text = text[:start] + text[_space(text, after + 1) :]
        else:
            before = text[:start].rstrip(_BLANK)
            text = before.removesuffix(",") + text[end:]
    return text.encode()


_BLANK = " \t\n\r"
_NOT_BLANK = re.compile(r"[^ \t\n\r]|$")


def _dump(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _space(text: str, at: int) -> int:
    """Return where the blanks from `at` on end."""
    found = _NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def _members(text: str, start: int) -> list[tuple[str, int, int, int]]:
    """Return (name, start of the name, start and end of the value) of the object that opens at `start`."""
    members = []
    at = _space(text, start + 1)
    while text[at] != "}":
        name, after = _PLAIN.raw_decode(text, at)
        value = _space(text, _space(text, after) + 1)
        _, end = _PLAIN.raw_decode(text, value)
        members.append((name, at, value, end))
        at = _space(text, end)
        if text[at] == ",":
            at = _space(text, at + 1)
    return members


def _objects(text: str, path: Path) -> list[int]:
    """Return where each object at `path` opens."""
    found = [_space(text, 0)]
    for name in path:
        found = [value for start in found for given, _, value, _ in _members(text, start) if given == name]
        found = [start for start in found if text[start] == "{"]
    return found


def _find(text: str, path: Path) -> list[tuple[int, int, int]]:
    """Return (start of the name, start and end of the value) of each member at `path`, in the order of the text."""
    return [
        (name, value, end)
        for start in _objects(text, path[:-1])
        for given, name, value, end in _members(text, start)
        if given == path[-1]
    ]
