"""What the notifications page shows: the balance against its warning, and each method with how it fared."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.models import User
from notifications import changes, events, methods
from notifications import choices as chosen
from notifications.forms import FORMS, MethodForm
from notifications.models import Delivery, Method
from notifications.thresholds import Thresholds

ROOM = 4  # the meter ends at four times the warning, or at the balance

LOOKS: dict[str, tuple[str, str | Promise]] = {
    "email": ("mail", gettext_lazy("Messages by mail")),
    "webhook": ("webhook", gettext_lazy("JSON to a program of your own, or to a chat bot")),
    "bark": ("bell-ring", gettext_lazy("Push to an iPhone by the Bark app")),
    "gotify": ("message-circle", gettext_lazy("Push from your own Gotify server")),
}


@dataclass(frozen=True, slots=True)
class Meter:
    """The balance against the main warning; percentages of the meter's length."""

    total: int
    below: bool
    percent: float
    tick: float | None

    @property
    def kind(self) -> str:
        """Return how worrying it is."""
        return "bad" if self.total <= 0 else "warn" if self.below else ""


def meter(stored: Thresholds, total: int) -> Meter:
    """Return the meter of a total in nano-USD."""
    end = max(total, stored.main * ROOM, 1)
    tick = stored.main * 100 / end if stored.main else None
    return Meter(total, total < stored.main, max(total, 0) * 100 / end, tick)


@dataclass(frozen=True, slots=True)
class Card:
    """A method with its form. `state` is on, off or failing; `always` are events that mail tells in any case."""

    method: Method
    form: MethodForm
    state: str
    where: str
    waiting: Delivery | None = None
    open: bool = False
    secret: str = ""  # that was just made, to be shown this one time

    @property
    def kind(self) -> str:
        """Return the kind of the method."""
        return str(self.method.kind)

    @property
    def icon(self) -> str:
        """Return the name of its picture."""
        return LOOKS[self.kind][0]

    @property
    def line(self) -> str | Promise:
        """Return what stands below its name: where it leads, and how the last message fared."""
        result = self.method.last_result
        if self.state == "failing":
            return result
        if not self.where:
            return LOOKS[self.kind][1]
        return f"{self.where} · {result}" if result and self.kind != "email" else self.where

    @property
    def usable(self) -> bool:
        """Return whether it leads anywhere."""
        return bool(self.where)

    @property
    def always(self) -> bool:
        """Return whether some events are told in any case."""
        return self.kind == "email"


def card(user: User, method: Method, *, data: QueryDict | None = None, opened: bool = False) -> Card:
    """Return the card of a method, with what was entered where `data` is given."""
    shown = changes.shown(method)
    choices = [(event.name, event.label) for event in events.offered(user)]
    initial = {**shown, "enabled": method.enabled, "events": chosen.told(user, method)}
    initial = {name: value for name, value in initial.items() if name not in changes.WRITE_ONLY}
    form = FORMS[str(method.kind)](data, kind=str(method.kind), choices=choices, initial=initial)
    failing = method.enabled and method.last_ok is False
    state = "failing" if failing else "on" if method.enabled and _where(method) else "off"
    return Card(method, form, state, _where(method), open=opened)


def cards(user: User) -> list[Card]:
    """Return one card for each kind."""
    return [card(user, method) for method in methods.of(user)]


def nobody(shown: list[Card]) -> bool:
    """Return whether no method is on."""
    return all(one.state == "off" for one in shown)


def _where(method: Method) -> str:
    if method.kind == methods.Kind.EMAIL:
        return methods.address(method)
    return urlsplit(changes.shown(method).get("url", "")).netloc
