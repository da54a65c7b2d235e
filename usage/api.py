"""/api/usage: every call and every refusal, and their sums."""

import zoneinfo
from datetime import date, datetime
from typing import Annotated, Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field, WithJsonSchema

from accounts.models import User
from common import api, callids
from common.api import Chosen, Cursor, Items, Usd
from usage import calls, reports
from usage.models import CallLog

router = Router(tags=["Usage"])
Kind = Annotated[CallLog.Kind, WithJsonSchema(api.enum(CallLog.Kind))]
PriceSource = Annotated[CallLog.PriceSource, WithJsonSchema(api.enum(CallLog.PriceSource))]
Source = Annotated[CallLog.Source, WithJsonSchema(api.enum(CallLog.Source))]
Days = Annotated[int, Field(ge=1, le=90)]


class Call(Schema):
    """One call or refusal; `id` is text, since its 63 bits are more than many readers of JSON hold."""

    id: str
    created_at: datetime
    kind: Kind
    request_id: str
    model: str
    key: str
    channel: str
    stream: bool
    status: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    charge_usd: Usd
    price_source: PriceSource | None
    estimated: bool
    latency_ms: int
    ttfb_ms: int | None
    source: Source
    address: str | None


class Use(Schema):
    """Sums of calls; `calls` leaves errors out."""

    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    paid_usd: Usd


class Day(Use):
    """A day by the account's clock."""

    date: date


class ModelUse(Use):
    """A model in these days."""

    model: str


class Summary(Schema):
    """The days oldest first, the models by what they cost, and both together."""

    days: list[Day]
    models: list[ModelUse]
    total: Use


@router.get("", response=Items[Call], summary="Usage log")
def log(
    request: HttpRequest,
    kind: Kind | None = None,
    model: Chosen = "",
    key: Chosen = "",
    cursor: Cursor | None = None,
) -> Items[Call]:
    """List calls and refusals, newest first; of one kind, of one model, or of the key with this name."""
    chosen = calls.Filter(kind=kind or "", model=model, api_key=key)
    page = calls.page(cast(User, request.user).pk, chosen, before=api.before(cursor))
    return Items(items=[_call(call) for call in page.calls], next=api.after(page.older))


@router.get("/summary", response=Summary, summary="Sums by day and model")
def summary(request: HttpRequest, days: Days = 30) -> Summary:
    """Return the use of the last days, today included, by the clock of the account."""
    user = cast(User, request.user)
    now = timezone.localtime(timezone=zoneinfo.ZoneInfo(user.timezone or "UTC"))
    found = reports.summary(user.pk, days=days, now=now)
    return Summary(
        days=[Day(date=day.date, **_sums(day.use)) for day in found.days],
        models=[ModelUse(model=name, **_sums(use)) for name, use in found.models.items()],
        total=Use(**_sums(found.total)),
    )


def _sums(use: reports.Use) -> dict[str, Any]:
    return {
        "calls": use.calls,
        "errors": use.errors,
        "input_tokens": use.input_tokens,
        "output_tokens": use.output_tokens,
        "paid_usd": api.usd(use.paid),
    }


def _call(call: CallLog) -> Call:
    return Call(
        id=str(call.pk),
        created_at=callids.moment(call.pk),
        kind=CallLog.Kind(call.kind),
        request_id=callids.request_id(call.pk),
        model=call.model,
        key=call.api_key,
        channel=call.channel,
        stream=call.stream,
        status=call.status,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cached_tokens=call.cached_tokens,
        charge_usd=api.usd(call.charge),
        price_source=CallLog.PriceSource(call.price_source) if call.price_source else None,
        estimated=call.estimated,
        latency_ms=call.latency_ms,
        ttfb_ms=call.ttfb_ms,
        source=CallLog.Source(call.source),
        address=call.address,
    )
