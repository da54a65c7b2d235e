"""Channels: read them for the gate, add them, switch them, and note which keys their upstreams refuse."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from django.db import transaction
from django.utils import timezone

from accounts import limits
from common import version
from gateway import channel_rules as rules
from gateway.channel_rules import InvalidChannel
from gateway.health import health
from gateway.models import Channel, ChannelKey, Route
from gateway.routing import Candidate, Credential, Timeouts
from notifications import services as notifications

# A wrong key stays wrong until a person or a probe brings it back; an empty account is filled up; a 403 may be about
# the one call that met it, which must not close the channel to everyone for long.
REST_AFTER = {HTTPStatus.PAYMENT_REQUIRED: timedelta(minutes=10), HTTPStatus.FORBIDDEN: timedelta(minutes=1)}
TOLD = limits.Rule("channel told", ((4, 3600),))  # of each key and kind: one that flickers fills no mailbox

logger = logging.getLogger(__name__)


class UnknownChannel(LookupError):
    """There is no channel of this name."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A channel to be made: `models` maps the names that clients use to the upstream's own."""

    name: str
    base_url: str
    models: Mapping[str, str]
    kind: str = Channel.Kind.OPENAI
    priority: int = 0
    weight: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)


def load() -> dict[str, tuple[Candidate, ...]]:
    """Return what the enabled channels serve, by the name that clients use, highest priority first."""
    health.refused.clear()  # the rows read below know better by now
    served: dict[str, list[Candidate]] = {}
    enabled = Channel.objects.filter(enabled=True).order_by("-priority", "pk")
    for channel in enabled.prefetch_related("routes", "keys", "groups"):
        for candidate in candidates(channel):
            served.setdefault(candidate.model, []).append(candidate)
    return {model: tuple(found) for model, found in served.items()}


def candidates(channel: Channel) -> list[Candidate]:
    """Return one candidate for each model of a channel."""
    credentials = tuple(Credential(key.pk, key.secret, _rests_until(key)) for key in channel.keys.all())
    groups = frozenset(group.pk for group in channel.groups.all())
    timeouts = Timeouts(
        connect=channel.connect_timeout,
        first_byte=channel.first_byte_timeout,
        gap=channel.gap_timeout,
        total=channel.total_timeout,
    )
    return [
        Candidate(
            channel_id=channel.pk,
            channel=channel.name,
            kind=str(channel.kind),
            base_url=channel.base_url,
            model=route.model,
            upstream_model=route.upstream_model or route.model,
            priority=channel.priority,
            weight=channel.weight,
            credentials=credentials,
            headers=tuple(json.loads(channel.headers).items()),
            forward=tuple(name.lower() for name in channel.forward),
            allow=frozenset(channel.allow),
            bound_field=str(channel.bound_field),
            groups=groups,
            timeouts=timeouts,
        )
        for route in channel.routes.all()
    ]


def _rests_until(key: ChannelKey) -> float:
    if key.state == ChannelKey.State.ACTIVE:
        return 0
    return key.rest_until.timestamp() if key.rest_until else math.inf


def find(name: str) -> Channel:
    """Return the channel. Raises UnknownChannel."""
    try:
        return Channel.objects.get(name=name)
    except Channel.DoesNotExist as error:
        raise UnknownChannel(f"There is no channel {name!r}.") from error


@transaction.atomic
def add(draft: Draft, *, secrets: Sequence[str] = ()) -> Channel:
    """Return a new, enabled channel with its routes and keys; an upstream may need none.

    Raises InvalidChannel; its message names TOLLGATE_OUTBOUND_ALLOW where the base URL is on a private network.
    """
    name = rules.name(draft.name)
    if Channel.objects.filter(name=name).exists():
        raise InvalidChannel(f"There is already a channel {name!r}.")
    if not draft.models:
        raise InvalidChannel("Name at least one model.")
    for model in (*draft.models, *draft.models.values()):
        rules.model(model)
    channel = Channel.objects.create(
        name=name,
        kind=draft.kind,
        base_url=rules.base_url(draft.base_url),
        headers=json.dumps(rules.headers(draft.headers)),
        priority=draft.priority,
        weight=draft.weight,
    )
    Route.objects.bulk_create(
        Route(channel=channel, model=model, upstream_model="" if upstream == model else upstream)
        for model, upstream in draft.models.items()
    )
    for secret in secrets:
        add_key(channel, secret)
    version.bump()
    return channel


@transaction.atomic
def add_key(channel: Channel, secret: str) -> ChannelKey:
    """Return a new upstream key of the channel. Raises InvalidChannel."""
    secret = rules.secret(secret)
    if any(key.secret == secret for key in channel.keys.all()):
        raise InvalidChannel("The channel has this key already.")
    version.bump()
    return ChannelKey.objects.create(channel=channel, secret=secret, suffix=rules.hint(secret))


@transaction.atomic
def enable(channel: Channel) -> None:
    """Let the channel answer calls again, with all of its keys."""
    Channel.objects.filter(pk=channel.pk).update(enabled=True)
    channel.keys.update(state=ChannelKey.State.ACTIVE, rest_until=None, last_error="")
    version.bump()


@transaction.atomic
def disable(channel: Channel) -> None:
    """Let the channel answer no further calls."""
    Channel.objects.filter(pk=channel.pk).update(enabled=False)
    version.bump()


@transaction.atomic
def refuse(key_id: int, *, status: int) -> None:
    """Let a key rest that its upstream does not take, and tell administrators."""
    rest = REST_AFTER.get(HTTPStatus(status))
    key = ChannelKey.objects.select_related("channel").filter(pk=key_id)
    refused = {
        "state": ChannelKey.State.REFUSED,
        "rest_until": timezone.now() + rest if rest else None,
        "last_error": f"The upstream answered {status}.",
    }
    worked = key.filter(state=ChannelKey.State.ACTIVE).update(**refused)
    if worked or key.update(**refused):
        version.bump()
        logger.error("Channel key %s rests: the upstream answered %s", key.get(), status)
    if worked:
        _tell("channel.rested" if rest else "channel.refused", key.get(), status=status)


@transaction.atomic
def recover(key_id: int) -> None:
    """Take a key back that its upstream takes again, and tell administrators."""
    key = ChannelKey.objects.select_related("channel").filter(pk=key_id)
    resting = key.exclude(state=ChannelKey.State.ACTIVE)
    if resting.update(state=ChannelKey.State.ACTIVE, rest_until=None, last_error=""):
        version.bump()
        logger.info("Channel key %s is back", key_id)
        _tell("channel.recovered", key.get())


def _tell(kind: str, key: ChannelKey, **facts: object) -> None:
    known = {"channel": key.channel.name, "key": key.suffix, **facts}
    notifications.tell_administrators(kind, known, about=f"{key.pk}", once=TOLD)
