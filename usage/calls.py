"""The log of calls, read a page at a time: newest first, keyset paging by id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum

from common import callids, money
from usage.models import CallLog, HourlyUsage

PAGE = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; empty shows all. `kind` is a CallLog.Kind, `since` a Unix hour."""

    kind: str = ""
    model: str = ""
    api_key: str = ""
    since: int = 0

    @property
    def narrows(self) -> bool:
        """Return whether calls between two matching ones may have to be passed over."""
        return bool(self.kind or self.model or self.api_key)


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls, and the cursor of the ones before them (None: there are none)."""

    calls: Sequence[CallLog]
    older: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over everything that a filter shows; `calls` leaves errors out, `paid` is nano-USD."""

    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    paid: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What a filter can choose from, and the totals of what it chose."""

    models: Sequence[str]
    api_keys: Sequence[str]
    totals: Totals


def page(user_id: int, chosen: Filter, *, before: int | None = None, size: int = PAGE) -> Page:
    """Return the newest `size` calls of the user that the filter shows and whose id is below `before`."""
    calls = CallLog.objects.filter(user_id=user_id)
    ceiling = before or money.LARGEST
    if chosen.narrows:
        found = _walk(calls.filter(_rows(chosen)), _hours(user_id, chosen), ceiling, size + 1)
    else:
        found = list(calls.filter(id__gte=_first(chosen.since), id__lt=ceiling).order_by("-id")[: size + 1])
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def find(user_id: int, call_id: int) -> Page:
    """Return the one call with this id, or an empty page."""
    return Page(list(CallLog.objects.filter(user_id=user_id, id=call_id)), None)


def outline(user_id: int, chosen: Filter) -> Outline:
    """Return totals and choices from the roll-up, which stays small however many calls there are."""
    groups = (
        HourlyUsage.objects.filter(user_id=user_id, hour__gte=chosen.since)
        .values("model", "api_key")
        .annotate(
            all_calls=Sum("calls"),
            all_errors=Sum("errors"),
            all_input=Sum("input_tokens"),
            all_output=Sum("output_tokens"),
            all_paid=Sum("paid"),
        )
    )
    shown = [
        group for group in groups if chosen.model in {"", group["model"]} and chosen.api_key in {"", group["api_key"]}
    ]
    paid = shown if chosen.kind != CallLog.Kind.ERROR else []
    failed = shown if chosen.kind != CallLog.Kind.OK else []
    return Outline(
        models=_names(group["model"] for group in groups),
        api_keys=_names(group["api_key"] for group in groups),
        totals=Totals(
            calls=sum(group["all_calls"] for group in paid),
            errors=sum(group["all_errors"] for group in failed),
            input_tokens=sum(group["all_input"] for group in paid),
            output_tokens=sum(group["all_output"] for group in paid),
            paid=sum(group["all_paid"] for group in paid),
        ),
    )


def _first(hour: int) -> int:
    """Return the least id that a Unix hour can mint."""
    return hour * callids.MS_AN_HOUR << callids.TIME_SHIFT


def _names(names: Iterable[str]) -> Sequence[str]:
    return sorted({name for name in names if name})


def _rows(chosen: Filter) -> Q:
    asked = {"kind": chosen.kind, "model": chosen.model, "api_key": chosen.api_key}
    return Q(**{name: value for name, value in asked.items() if value})


def _hours(user_id: int, chosen: Filter) -> QuerySet[HourlyUsage, tuple[int, int]]:
    """Return the hours in which the roll-up counted matches, and how many; newest first."""
    both = F("calls") + F("errors")
    matches = F("errors") if chosen.kind == CallLog.Kind.ERROR else F("calls") if chosen.kind else both
    asked = {"model": chosen.model, "api_key": chosen.api_key}
    return (
        HourlyUsage.objects.filter(user_id=user_id, hour__gte=chosen.since)
        .filter(**{name: value for name, value in asked.items() if value})
        .values_list("hour")
        .annotate(matches=Sum(matches))
        .filter(matches__gt=0)
        .order_by("-hour")
    )


def _walk(
    calls: QuerySet[CallLog], hours: QuerySet[HourlyUsage, tuple[int, int]], ceiling: int, size: int
) -> list[CallLog]:
    """Return matches from the hours that have some, so that a rare model costs no scan of a million other calls.

    An hour whose rows are pruned gives none, and the walk goes on; nearly always one step of two queries is enough.
    """
    found: list[CallLog] = []
    while len(found) < size:
        missing = size - len(found)
        some = _enough(hours.filter(hour__lte=callids.hour_of(ceiling - 1))[: missing + 1], missing)
        if not some:
            break
        # a union, not OR: each part is a short range of the index, on both stores
        parts = [calls.filter(id__gte=_first(start), id__lt=min(_first(end), ceiling)) for start, end in _spans(some)]
        found += parts[0].union(*parts[1:], all=True).order_by("-id")[:missing]
        ceiling = _first(some[-1])
    return found


def _enough(counted: Iterable[tuple[int, int]], missing: int) -> list[int]:
    """Return the first hours that hold this many matches; the newest does not count, the cursor may have cut it."""
    some: list[int] = []
    for hour, matches in counted:
        missing -= matches if some else 0
        some.append(hour)
        if missing <= 0:
            break
    return some


def _spans(hours: Sequence[int]) -> Sequence[tuple[int, int]]:
    """Return the spans of these hours (descending) as first hour and the hour after the last, neighbors joined."""
    spans: list[tuple[int, int]] = []
    for hour in hours:
        end = spans.pop()[1] if spans and spans[-1][0] == hour + 1 else hour + 1
        spans.append((hour, end))
    return spans
