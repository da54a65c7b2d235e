"""What goes over /api of this room: its bodies and its answers."""

from typing import Annotated

from ninja import Schema
from pydantic import Field, WithJsonSchema

from common import api
from common.api import Moment, Problem, Strict, Usd
from notifications.models import Delivery
from notifications.thresholds import MOST

Amount = Annotated[
    str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$", examples=["5.00"], description="US dollars, 0 or above")
]
Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]
Body = Annotated[str, Field(max_length=8_000, pattern=r"^[^\x00]*$")]
Priority = Annotated[int, Field(ge=0, le=10)]
State = Annotated[Delivery.State, WithJsonSchema(api.enum(Delivery.State))]
Names = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)]


class TooManyRequests(Problem):
    """More tests, or more links to one address, than anybody needs."""

    status, code, type = 429, "rate_limit_exceeded", "rate_limit_error"


class Thresholds(Schema):
    """When an account is warned: once for each amount that the total falls below. `fired_usd` were told already."""

    threshold_usd: Usd
    further_thresholds_usd: list[Usd]
    fired_usd: list[Usd]
    total_usd: Usd


class ThresholdsChange(Strict):
    """What is to change; what is left out stays. A threshold of 0 is off."""

    threshold_usd: Amount = "1"
    further_thresholds_usd: Annotated[list[Amount], Field(max_length=MOST)] = []


class Way(Schema):
    """A method: where it leads, its secrets as hints; the events it tells of; how its last message fared.

    Fields that a kind does not have are null. Keys in a URL are hidden; sent back as they are, they stay.
    """

    enabled: bool
    events: list[str]
    last_ok: bool | None
    last_result: str
    last_at: Moment | None
    address: str | None = None
    pending: str | None = None
    url: str | None = None
    format: str | None = None
    template: str | None = None
    secret: str | None = None
    token: str | None = None
    priority: int | None = None
    level: str | None = None
    group: str | None = None
    sound: str | None = None


class Change(Strict):
    """What every method has; what is left out stays."""

    enabled: bool = True
    events: Names = []


class EmailChange(Change):
    """Mail: an empty address is the account's own; another one has to be confirmed by the link that it gets."""

    address: Text = ""


class WebhookChange(Change):
    """A webhook; `secret` is write-only. A new one replaces the old one, which signs for another 24 hours."""

    url: Text = ""
    secret: Text = ""
    format: Text = "standard"
    template: Body = ""


class BarkChange(Change):
    """A Bark device."""

    url: Text = ""
    level: Text = ""
    group: Text = ""
    sound: Text = ""


class GotifyChange(Change):
    """An application of a Gotify server; `token` is write-only."""

    url: Text = ""
    token: Text = ""
    priority: Priority = 5


class Sent(Schema):
    """A message that is on its way."""

    delivery: int


class DeliveryRow(Schema):
    """A message and what became of it; `message_id` is its webhook-id, `next_at` is null once it is closed."""

    id: int
    message_id: str
    created_at: Moment
    event: str
    method: str
    subject: str
    state: State
    attempts: int
    next_at: Moment | None
    result: str
