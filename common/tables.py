"""What a room hands out of its rows: named tables, read batch by batch, so that a million rows need no memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise

BATCH = 1_000

Write = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one account. `label` says what they are, in the plural, where people are told of them."""

    name: str
    rows: QuerySet[Any]
    columns: Mapping[str, tuple[str, Write]]  # by the name it is given: the field, and how its value is written
    label: str | Promise = ""
    keys: tuple[str, ...] = ("pk",)  # by which rows are in order, and none like another

    @property
    def model(self) -> type[Model]:
        """Return whose rows they are."""
        return self.rows.model

    def count(self) -> int:
        """Return how many rows there are."""
        return self.rows.count()

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """Yield rows in the order of their keys. What is written meanwhile may be among them or not."""
        fields = [*self.keys, *(field for field, _write in self.columns.values())]
        ordered = self.rows.order_by(*self.keys)
        found = list(ordered.values_list(*fields)[:BATCH])
        while found:
            yield [self._row(values[len(self.keys) :]) for values in found]
            last = found[-1][: len(self.keys)]
            found = list(ordered.filter(_after(self.keys, last)).values_list(*fields)[:BATCH])

    def _row(self, values: Sequence[Any]) -> dict[str, Any]:
        told = zip(self.columns.items(), values, strict=True)
        return {name: None if value is None else write(value) for (name, (_field, write)), value in told}


def columns(*plain: str, **written: tuple[str, Write]) -> Mapping[str, tuple[str, Write]]:
    """Return columns: those called as their field, then those of another name or with a writer of their own."""
    return {name: (name, _as_it_is) for name in plain} | written


def _as_it_is(value: Any) -> Any:
    return value


def _after(keys: Sequence[str], last: Sequence[Any]) -> Q:
    """Return the condition of the rows behind the one with the keys `last`."""
    later = Q()
    for index, key in enumerate(keys):
        same = dict(zip(keys[:index], last[:index], strict=True))
        later |= Q(**same, **{f"{key}__gt": last[index]})
    return later
