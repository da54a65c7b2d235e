"""What the two stores write, column by column, and how a value is made to fit. A test holds this against the models."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

INT_MAX = 2**31 - 1  # an integer column of PostgreSQL


@dataclass(frozen=True, slots=True)
class Column:
    """A value of an order: attribute, PostgreSQL type, and for text the most characters the column takes."""

    name: str
    type: str
    width: int = 0

    def fit(self, value: Any) -> Any:
        """Return the value made to fit: a row is never lost for a long name."""
        if self.type == "text":
            return fit(value, self.width)
        if self.type == "int" and value is not None and value > INT_MAX:
            return INT_MAX
        return value

    def fit_all(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values made to fit; numbers that fit are not looked at one by one."""
        if self.type == "int" and max(filter(None, values), default=0) > INT_MAX:
            return [self.fit(value) for value in values]
        return values

    def getter(self) -> Callable[[Any], Any]:
        """Return a function from an order to the value, made to fit."""
        get = attrgetter(self.name)
        return (lambda order: self.fit(get(order))) if self.type in {"text", "int"} else get


def fit(text: str, width: int) -> str:
    """Return `text` cut to `width` characters, without what no UTF-8 text column can hold (NUL, lone surrogates)."""
    if text.isascii() and len(text) <= width and "\0" not in text:
        return text
    return text[:width].replace("\0", "").encode(errors="replace").decode()


def getters(columns: Iterable[Column]) -> list[Callable[[Any], Any]]:
    """Return the getter of each column."""
    return [column.getter() for column in columns]


SETTLE = (Column("id", "bigint"), Column("wallet", "bigint"), Column("charge", "bigint"), Column("held", "boolean"))
RECORD = (
    Column("kind", "text", 8),
    Column("source", "text", 12),
    Column("model", "text", 200),
    Column("api_key", "text", 64),
    Column("channel", "text", 64),
    Column("stream", "boolean"),
    Column("status", "smallint"),
    Column("code", "text", 40),
    Column("reason", "text", 300),
    Column("input_tokens", "int"),
    Column("output_tokens", "int"),
    Column("cached_tokens", "int"),
    Column("cache_write_tokens", "int"),
    Column("reasoning_tokens", "int"),
    Column("audio_input_tokens", "int"),
    Column("audio_output_tokens", "int"),
    Column("price_id", "bigint"),
    Column("price_source", "text", 8),
    Column("estimated", "boolean"),
    Column("latency_ms", "int"),
    Column("ttfb_ms", "int"),
    Column("address", "inet"),
)
# what a hold keeps of its reserve, so that a sweeper can write the whole row
KEPT = (
    Column("kind", "text", 8),
    Column("prompt_tokens", "int"),
    Column("prompt_cost", "bigint"),
    Column("output_rate", "bigint"),
    Column("model", "text", 200),
    Column("api_key", "text", 64),
    Column("channel", "text", 64),
    Column("stream", "boolean"),
    Column("source", "text", 12),
    Column("price_id", "bigint"),
    Column("price_source", "text", 8),
    Column("worker", "smallint"),
)
RESERVE = (
    Column("id", "bigint"),
    Column("wallet", "bigint"),
    *KEPT,
    Column("model_limit", "int"),
    Column("client_max", "int"),
)
