"""The front page of the settings: every area with how it stands, in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import ports
from accounts.models import User
from common import money
from notifications import methods, thresholds
from pricing import preferences as pricing
from privacy import services as privacy
from security import checkup
from sidebar import preferences as looks
from sidebar import services as sidebar
from sidebar.tabs import GROUPS, Tab
from wallet import ledger


@dataclass(frozen=True, slots=True)
class State:
    """How an area stands; `kind` is "" for plain, "warn" for something to do, "lock" for what is locked."""

    words: Sequence[str]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """An area of the settings."""

    tab: Tab
    icon: str
    about: str | Promise
    state: State


def cards(user: User) -> Sequence[tuple[str | Promise, Sequence[Card]]]:
    """Return every area in its group, in the order of the tabs."""
    return [(group.name, [_card(user, tab) for tab in group.tabs]) for group in GROUPS]


def _card(user: User, tab: Tab) -> Card:
    icon, about, state = AREAS.get(tab.url_name, ("settings-2", "", _nothing))
    return Card(tab, icon, about, state(user))


def _nothing(user: User) -> State:  # noqa: ARG001 (a state's signature)
    return State(())


def profile(user: User) -> State:
    """Return who somebody is here, and how the pages speak to them."""
    theme = next((str(look.name) for look in looks.THEMES if user.theme and look.value == user.theme), "")
    zone = user.timezone or "UTC"
    return State((user.username, _language(user), zone, theme or _("Theme of the browser")))


def security(user: User) -> State:
    """Return what there is beside the password, and how much is to be mended."""
    found = checkup.of(user, timezone.now()).values()
    todo = sum(check.state == "todo" for check in found)
    said = [check.title for check in found]
    if not todo:
        return State(said)
    advice = ngettext("%(n)s thing to mend", "%(n)s things to mend", todo) % {"n": todo}
    return State([*said, advice], "warn")


def telling(user: User) -> State:
    """Return by which methods somebody is told, and when a balance counts as low."""
    leading = [
        method
        for method in methods.of(user)
        if method.enabled and (methods.address(method) if method.kind == methods.Kind.EMAIL else method.target)
    ]
    names = [str(method) for method in leading]
    warned = thresholds.of(user.pk)
    highest = max((warned.main, *warned.further))
    warning = _("warned at %(amount)s") % {"amount": money.amount(highest)} if highest else _("no quota warning")
    told = ", ".join(names) if names else _("Nobody is told: every method is off")
    return State([told, warning], "" if names and highest else "warn")


def price_safeguard(user: User) -> State:
    """Return whether models without a price are refused, or which are accepted for how much."""
    if not pricing.allowed():
        return State([_("Refused: your administrator doesn't allow them")], "lock")
    chosen = pricing.chosen(user.pk)
    if not chosen.accept_unpriced:
        return State([_("Models without a price are refused")])
    count = len(chosen.accepted_models)
    which = ngettext("%(n)s model accepted", "%(n)s models accepted", count) % {"n": count}
    cap = (
        _("at most %(cap)s a month") % {"cap": money.amount(chosen.monthly_cap)} if chosen.monthly_cap else _("no cap")
    )
    return State(
        [which if count else _("All models without a price accepted"), cap], "" if chosen.monthly_cap else "warn"
    )


def recording(user: User) -> State:
    """Return what is written down, and for how long."""
    chosen, kept = privacy.choices(user), ports.kept()
    days = _("calls are kept for %(days)s days") % {"days": kept.calls.days}
    if not chosen.allowed:
        return State([_("Addresses: your administrator doesn't allow recording"), days], "lock")
    return State([_("Addresses are recorded") if chosen.records else _("No address is recorded"), days])


def menu(user: User) -> State:
    """Return what of the sidebar is hidden, and what the operator has turned off."""
    seats = [seat for seat in sidebar.seats(sidebar.hidden(user), sidebar.off()) if not seat.module.planned]
    hidden = [str(seat.module.name) for seat in seats if not (seat.shown or seat.off)]
    off = [str(seat.module.name) for seat in seats if seat.off]
    said = [_("Hidden: %(names)s") % {"names": ", ".join(hidden)} if hidden else _("Nothing is hidden")]
    if off:
        said.append(_("Turned off by your administrator: %(names)s") % {"names": ", ".join(off)})
    return State(said, "lock" if off else "")


def leaving(user: User) -> State:
    """Return what would be lost."""
    balance = ledger.balance(user.pk)
    return State(
        [_("%(amount)s of balance would be lost") % {"amount": money.amount(balance.total)}]
        if balance.total > 0
        else []
    )


def _language(user: User) -> str:
    return dict(settings.LANGUAGES).get(user.language) or _("Language of the browser")


Look = tuple[str, str | Promise, Callable[[User], State]]
AREAS: Mapping[str, Look] = {
    "settings_profile": (
        "user-round",
        gettext_lazy("Name, address, linked accounts, language, time zone, theme"),
        profile,
    ),
    "security": ("shield-check", gettext_lazy("Two-factor, passkeys, access tokens, sessions"), security),
    "settings_notifications": (
        "bell",
        gettext_lazy("How you are told, and when your balance counts as low"),
        telling,
    ),
    "settings_pricing": (
        "badge-dollar-sign",
        gettext_lazy("What models without a price may cost you"),
        price_safeguard,
    ),
    "settings_privacy": ("eye-off", gettext_lazy("What is written down about your calls"), recording),
    "settings_sidebar": ("panel-left", gettext_lazy("Which pages the menu offers"), menu),
    "settings_delete": ("trash-2", gettext_lazy("Take your data along, and leave for good"), leaving),
}
