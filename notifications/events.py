"""What a person can be told of: the events that each method has or has not switched on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User

CREDENTIALS = "credentials"
TEST = "test"  # what "send test" sends: to its method, whatever is switched off
MAIL = "mail"  # a letter that others wrote: sign-in links, say


@dataclass(frozen=True, slots=True)
class Event:
    """An event by name; `staff` ones are told to administrators, those `always` mailed cannot be switched off there."""

    name: str
    label: str | Promise
    staff: bool = False
    always: bool = False


EVENTS = (
    Event("quota.low", _("The balance falls below a threshold")),
    Event("quota.exhausted", _("The balance is used up")),
    Event("key.limit", _("An API key reaches its limit")),
    Event("security.new-device", _("A sign-in from a new device")),
    Event(CREDENTIALS, _("Changes of passwords, keys, devices and settings"), always=True),
    Event("channels", _("A channel or its key is refused, rests or recovers"), staff=True),
    Event("model.unserved", _("A model is asked for that has no channel or no price"), staff=True),
    Event("outbox.stuck", _("Messages do not leave"), staff=True),
    Event("wallet.mismatch", _("A ledger does not add up"), staff=True),
)
NAMES = frozenset(event.name for event in EVENTS)


def event_of(kind: str) -> str:
    """Return the name of the event that something of this kind is."""
    if kind in NAMES:
        return kind
    return "channels" if kind.startswith("channel.") else CREDENTIALS


def offered(user: User) -> Sequence[Event]:
    """Return what an account can be told of."""
    told_all = user.is_staff and user.is_superuser  # to whom accounts.administrators.active leads
    return [event for event in EVENTS if told_all or not event.staff]
