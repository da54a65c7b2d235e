"""The security check-up of the Overview and of the Security page: five facts, and the one step that mends each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import dismissals
from accounts.models import User
from common import money
from common.when import day
from notifications import thresholds
from pricing import preferences as pricing
from security import checkup
from security.checkup import Check

QUOTA_PAGE = "settings_notifications"
DISMISSIBLE = ("token", "quota", "price")  # two-factor and its codes are worth being asked about


class UnknownCheck(LookupError):
    """There is no such item, or it is not one that can be let be."""


@dataclass(frozen=True, slots=True)
class Item:
    """A fact by its name; `dismiss` and `recall` say what can be done about being asked."""

    name: str
    check: Check
    dismiss: bool = False
    recall: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    """The items, and how many of them leave nothing to do."""

    items: Sequence[Item]

    @property
    def fine(self) -> int:
        """Return how many items leave nothing to do."""
        return sum(item.check.state != "todo" for item in self.items)


def of(user: User, *, now: datetime) -> Checkup:
    """Return all five items of an account."""
    own = checkup.of(user, now)
    return Checkup(_items(user, [*own.items(), *_elsewhere(user)], now))


def elsewhere(user: User, now: datetime) -> Sequence[Item]:
    """Return the items that the Security page does not know by itself."""
    return _items(user, _elsewhere(user), now)


def let_be(user: User, name: str, *, now: datetime) -> None:
    """Note that an account does not want to be asked about an item. Raises UnknownCheck."""
    if name not in DISMISSIBLE:
        raise UnknownCheck(name)
    if name == "price":
        pricing.review(user)
    else:
        dismissals.dismiss(user, name, now=now)


def ask_again(user: User, name: str) -> None:
    """Take that back. Raises UnknownCheck."""
    if name not in DISMISSIBLE:
        raise UnknownCheck(name)
    dismissals.recall(user, name)


def quota(user: User) -> Check:
    """Return whether the account is warned before its balance is used up."""
    warned = thresholds.of(user.pk)
    if highest := max((warned.main, *warned.further)):
        told = _("At %(amount)s left") % {"amount": money.amount(highest)}
        return Check("fine", _("Quota warning on"), told, reverse(QUOTA_PAGE))
    return Check("todo", _("Quota warning off"), _("Set one"), reverse(QUOTA_PAGE))


def price(user: User) -> Check:
    """Return whether the owner has looked at the price safeguard."""
    chosen = pricing.chosen(user.pk)
    title = _("Unpriced models accepted") if chosen.accept_unpriced else _("Unpriced models refused")
    if chosen.reviewed_at:
        return Check(
            "fine", title, _("Reviewed %(day)s") % {"day": day(chosen.reviewed_at)}, reverse("settings_pricing")
        )
    return Check("todo", title, _("Review the safeguard"), reverse("settings_pricing"))


ELSEWHERE: Sequence[tuple[str, Callable[[User], Check]]] = (("quota", quota), ("price", price))


def _elsewhere(user: User) -> Sequence[tuple[str, Check]]:
    return [(name, check(user)) for name, check in ELSEWHERE]


def _items(user: User, found: Sequence[tuple[str, Check]], now: datetime) -> Sequence[Item]:
    until = dismissals.standing(user, now=now)
    return [_item(name, check, until.get(name)) for name, check in found]


def _item(name: str, check: Check, until: datetime | None) -> Item:
    if check.state != "todo" or name not in DISMISSIBLE:
        return Item(name, check)
    if until is None:
        return Item(name, check, dismiss=True)
    let_be_until = _("Let be until %(day)s") % {"day": day(until)}
    return Item(name, replace(check, state="none", more=let_be_until, url=""), recall=True)
