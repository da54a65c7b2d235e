"""/api/settings/notifications: when and by which methods an account is told. /api/deliveries: what it was told."""

from typing import Any, cast

import ninja
from django.http import HttpRequest
from ninja import Router

from accounts import limits, ports
from accounts.models import User
from common import api, money
from common.api import Conflict, Cursor, Error, InvalidField, Items
from notifications import changes, choices, history, methods, thresholds, trial
from notifications.http import (
    BarkChange,
    Change,
    DeliveryRow,
    EmailChange,
    GotifyChange,
    Sent,
    Thresholds,
    ThresholdsChange,
    TooManyRequests,
    Way,
    WebhookChange,
)
from notifications.models import Delivery
from notifications.thresholds import InvalidThreshold
from notifications.transports.base import TargetRefused

router = Router(tags=["Settings"])
deliveries_router = Router(tags=["Deliveries"])
SIZE = 50


@router.get("", response=Thresholds, summary="Quota warnings")
def show(request: HttpRequest) -> Thresholds:
    """Return when the account is warned, and its total now."""
    user = _user(request)
    stored = thresholds.of(user.pk)
    return Thresholds(
        threshold_usd=api.usd(stored.main),
        further_thresholds_usd=[api.usd(amount) for amount in stored.further],
        fired_usd=[api.usd(amount) for amount in sorted(stored.fired, reverse=True)],
        total_usd=api.usd(ports.standing(user).total),
    )


@router.patch("", response=Thresholds, summary="Change quota warnings")
def change(request: HttpRequest, changed: ThresholdsChange) -> Thresholds:
    """Change what is sent and leave the rest. What the total is below already counts as told."""
    given = changed.model_dump(exclude_unset=True)
    main, further = given.get("threshold_usd"), given.get("further_thresholds_usd")
    try:
        thresholds.save(
            _user(request),
            main=None if main is None else money.from_usd(main),
            further=None if further is None else [money.from_usd(amount) for amount in further],
        )
    except InvalidThreshold as refusal:
        raise InvalidField(str(refusal), param=f"{refusal.field}_usd") from refusal
    return show(request)


@router.get("/email", response=Way, summary="Mail")
def email(request: HttpRequest) -> Way:
    """Return the method."""
    return _shown(request, "email")


@router.put("/email", response={200: Way, 429: Error}, summary="Change mail")
def put_email(request: HttpRequest, changed: EmailChange) -> Way:
    """Change what is sent and leave the rest."""
    return _put(request, "email", changed)


@router.post("/email/test", response={202: Sent, 409: Error, 429: Error}, summary="Test mail")
def test_email(request: HttpRequest) -> ninja.Status[Sent]:
    """Send a test, at most five a minute over all methods."""
    return _test(request, "email")


@router.get("/webhook", response=Way, summary="Webhook")
def webhook(request: HttpRequest) -> Way:
    """Return the method."""
    return _shown(request, "webhook")


@router.put("/webhook", response=Way, summary="Change the webhook")
def put_webhook(request: HttpRequest, changed: WebhookChange) -> Way:
    """Change what is sent and leave the rest."""
    return _put(request, "webhook", changed)


@router.post("/webhook/test", response={202: Sent, 409: Error, 429: Error}, summary="Test the webhook")
def test_webhook(request: HttpRequest) -> ninja.Status[Sent]:
    """Send a test, at most five a minute over all methods."""
    return _test(request, "webhook")


@router.get("/bark", response=Way, summary="Bark")
def bark(request: HttpRequest) -> Way:
    """Return the method."""
    return _shown(request, "bark")


@router.put("/bark", response=Way, summary="Change Bark")
def put_bark(request: HttpRequest, changed: BarkChange) -> Way:
    """Change what is sent and leave the rest."""
    return _put(request, "bark", changed)


@router.post("/bark/test", response={202: Sent, 409: Error, 429: Error}, summary="Test Bark")
def test_bark(request: HttpRequest) -> ninja.Status[Sent]:
    """Send a test, at most five a minute over all methods."""
    return _test(request, "bark")


@router.get("/gotify", response=Way, summary="Gotify")
def gotify(request: HttpRequest) -> Way:
    """Return the method."""
    return _shown(request, "gotify")


@router.put("/gotify", response=Way, summary="Change Gotify")
def put_gotify(request: HttpRequest, changed: GotifyChange) -> Way:
    """Change what is sent and leave the rest."""
    return _put(request, "gotify", changed)


@router.post("/gotify/test", response={202: Sent, 409: Error, 429: Error}, summary="Test Gotify")
def test_gotify(request: HttpRequest) -> ninja.Status[Sent]:
    """Send a test, at most five a minute over all methods."""
    return _test(request, "gotify")


@deliveries_router.get("", response=Items[DeliveryRow], summary="Deliveries")
def deliveries(request: HttpRequest, cursor: Cursor | None = None) -> Items[DeliveryRow]:
    """List what the account was told, newest first."""
    rows, older = history.page(_user(request), size=SIZE, before=api.before(cursor))
    return Items(items=[_row(row) for row in rows], next=api.after(older))


def _row(row: Delivery) -> DeliveryRow:
    return DeliveryRow(
        id=row.pk,
        message_id=f"msg_{row.pk}",
        created_at=row.created_at,
        event=row.event,
        method=row.method,
        subject=row.subject,
        state=Delivery.State(row.state),
        attempts=row.attempts,
        next_at=row.next_at if row.state == Delivery.State.PENDING else None,
        result=row.result,
    )


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _shown(request: HttpRequest, kind: str) -> Way:
    user = _user(request)
    method = methods.one(user, kind)
    fields: dict[str, Any] = changes.shown(method)
    if kind == methods.Kind.EMAIL:
        fields = {"address": methods.address(method), "pending": method.pending}
    if fields.get("priority"):
        fields["priority"] = int(fields["priority"])
    return Way(
        enabled=method.enabled,
        events=choices.told(user, method),
        last_ok=method.last_ok,
        last_result=method.last_result,
        last_at=method.last_at,
        **fields,
    )


def _put(request: HttpRequest, kind: str, changed: Change) -> Way:
    """Save what was sent. Raises InvalidField, TooManyRequests."""
    user, given = _user(request), changed.model_dump(exclude_unset=True)
    enabled, chosen = given.pop("enabled", None), given.pop("events", None)
    try:
        off = None if chosen is None else choices.muted(user, methods.one(user, kind), chosen)
        form = {name: str(value) for name, value in given.items()}
        changes.save(user, kind, form=form or None, enabled=enabled, muted=off)
    except choices.UnknownEvent as unknown:
        raise InvalidField(str(unknown), param="events") from unknown
    except TargetRefused as refusal:
        param, words = next(iter(refusal.errors.items()))
        raise InvalidField(words, param=param) from refusal
    except limits.TooManyTries as many:
        raise _too_many(many) from many
    return _shown(request, kind)


def _test(request: HttpRequest, kind: str) -> ninja.Status[Sent]:
    """Queue a test. Raises Conflict, TooManyRequests."""
    try:
        return ninja.Status(202, Sent(delivery=trial.send(_user(request), kind).pk))
    except changes.NothingEntered as nothing:
        raise Conflict("The method leads nowhere yet: send where messages go first.") from nothing
    except limits.TooManyTries as many:
        raise _too_many(many) from many


def _too_many(many: limits.TooManyTries) -> TooManyRequests:
    return TooManyRequests(
        f"Too many for now. Try again in {many.retry_after} seconds.", headers={"Retry-After": str(many.retry_after)}
    )
