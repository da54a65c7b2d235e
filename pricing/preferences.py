"""What a user accepts of models without a price: read by the gate, changed on the pricing page and by programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import ports
from accounts.models import User
from common import money, version
from pricing.models import PricingPolicy, PricingSettings

MOST_MODELS = 100
LONGEST_NAME = 200  # characters, as of a price's model
LARGEST_CAP = 10**9 * money.NANO  # a billion dollars


class Choice(TypedDict, total=False):
    """What may be changed, each field by itself; what is left out stays."""

    accept_unpriced: bool
    accepted_models: Sequence[str]
    monthly_cap: int | None


@dataclass(frozen=True, slots=True)
class Safeguard:
    """What an account accepts: which models (empty: every one), for at most `monthly_cap` nano-USD a month, if any."""

    accept_unpriced: bool = False
    accepted_models: tuple[str, ...] = ()
    monthly_cap: int | None = None
    reviewed_at: datetime | None = field(default=None, compare=False)  # by the owner in person

    @property
    def accepts_some(self) -> bool:
        """Return whether the account accepts that some model has no price."""
        return self.accept_unpriced

    def accepts(self, model: str) -> bool:
        """Return whether the account accepts that this model has no price."""
        return self.accept_unpriced and (not self.accepted_models or model in self.accepted_models)

    def exceeds(self, other: "Safeguard") -> bool:
        """Return whether more can be spent by this choice than by the other: by models, by the cap, or at all."""
        if not self.accept_unpriced:
            return False
        more_models = bool(other.accepted_models) and not (
            self.accepted_models and set(self.accepted_models) <= set(other.accepted_models)
        )
        higher = other.monthly_cap is not None and (self.monthly_cap is None or self.monthly_cap > other.monthly_cap)
        return not other.accept_unpriced or more_models or higher


class ChoiceRefused(ValueError):
    """A choice that cannot be made; `field` is at fault, the text says what to do."""

    field = "accept_unpriced"


class Forbidden(ChoiceRefused):
    """The operator lets nobody accept models without a price."""


class InvalidModels(ChoiceRefused):
    """Too many names, or one that no model can have."""

    field = "accepted_models"


class InvalidCap(ChoiceRefused):
    """Not an amount above nothing."""

    field = "monthly_cap"


def chosen(user_id: int) -> Safeguard:
    """Return what the account has chosen, whether or not the operator allows it."""
    row = PricingSettings.objects.filter(user_id=user_id).first()
    if row is None:
        return Safeguard()
    return Safeguard(row.accept_unpriced, tuple(row.accepted_models), row.monthly_cap, row.reviewed_at)


def in_force(user_id: int) -> Safeguard:
    """Return what the gate obeys: the account's choice, and nothing accepted where the operator forbids that."""
    choice = chosen(user_id)
    return choice if choice.accept_unpriced and PricingPolicy.current().allow_unpriced else Safeguard()


def allowed() -> bool:
    """Return whether the operator lets accounts accept models without a price."""
    return PricingPolicy.current().allow_unpriced


def accepts_unpriced(user_id: int) -> bool:
    """Return whether the user accepts models without a price, and the operator lets users do so."""
    return in_force(user_id).accept_unpriced


@transaction.atomic
def save(user: User, *, by: str = "", **changes: Unpack[Choice]) -> Safeguard:
    """Store what is given and leave the rest, at once for every worker; return the whole.

    A change is written down with before and after, and mailed to its owner; `by` names the access token that made it,
    empty for the owner in person, who has reviewed the safeguard by that. Raises a ChoiceRefused.
    """
    version.bump()  # first, because the lock of its row makes writers take turns
    before = chosen(user.pk)
    checked = _checked(changes)
    after = replace(
        before,
        accept_unpriced=checked.get("accept_unpriced", before.accept_unpriced),
        accepted_models=tuple(checked.get("accepted_models", before.accepted_models)),
        monthly_cap=checked.get("monthly_cap", before.monthly_cap),
        reviewed_at=before.reviewed_at if by else timezone.now(),
    )
    if after != before or not by:
        PricingSettings.objects.update_or_create(user=user, defaults={**_row(after), "reviewed_at": after.reviewed_at})
    if after != before:
        _tell(user, before, after, by)
    return after


def review(user: User) -> None:
    """Note that the owner has looked at the safeguard and lets it be."""
    PricingSettings.objects.update_or_create(user=user, defaults={"reviewed_at": timezone.now()})


def models_in(text: str) -> tuple[str, ...]:
    """Return the names in what a person wrote, one a line or separated by commas. Raises InvalidModels."""
    return checked_models(names_in(text))


def names_in(text: str) -> Iterator[str]:
    """Yield the names as they are written."""
    return (name for line in text.split("\n") for name in line.split(","))


def checked_models(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names in their order, each once. Raises InvalidModels."""
    found = tuple(dict.fromkeys(stripped for name in names if (stripped := name.strip())))
    if len(found) > MOST_MODELS:
        raise InvalidModels(_("List at most %(most)s models.") % {"most": MOST_MODELS})
    for name in found:
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidModels(_("A model's name has at most 200 visible characters."))
    return found


def checked_cap(nano: int | None) -> int | None:
    """Return a cap in nano-USD, None for none. Raises InvalidCap."""
    if nano is not None and not 0 < nano <= LARGEST_CAP:
        raise InvalidCap(_("Enter an amount above 0, or nothing for no cap."))
    return nano


def _checked(changes: Choice) -> Choice:
    checked = Choice(**changes)
    if checked.get("accept_unpriced") and not PricingPolicy.current().allow_unpriced:
        raise Forbidden(_("Your administrator doesn't allow models without a price."))
    if "accepted_models" in checked:
        checked["accepted_models"] = checked_models(checked["accepted_models"])
    if "monthly_cap" in checked:
        checked["monthly_cap"] = checked_cap(checked["monthly_cap"])
    return checked


def _row(choice: Safeguard) -> dict[str, object]:
    return {
        "accept_unpriced": choice.accept_unpriced,
        "accepted_models": list(choice.accepted_models),
        "monthly_cap": choice.monthly_cap,
    }


def _tell(user: User, before: Safeguard, after: Safeguard, by: str) -> None:
    old, new = _facts(before), _facts(after)
    changed = [f"{name}: {old[name]} → {new[name]}" for name in new if old[name] != new[name]]
    detail = "; ".join(changed) + (f" (access token {by})" if by else "")
    ports.record(user, "pricing-changed", detail=detail)
    told = {"accept_unpriced": after.accept_unpriced, "before": _row(before), "after": _row(after), "by": by}
    ports.announce(user, "pricing.accept_unpriced", told)


def _facts(choice: Safeguard) -> dict[str, str]:
    """Return a choice in the words of /api, which every reader of the list of events may know."""
    return {
        "accept_unpriced": "true" if choice.accept_unpriced else "false",
        "accepted_models": ", ".join(choice.accepted_models) or "[]",
        "monthly_cap_usd": "null" if choice.monthly_cap is None else money.plain(choice.monthly_cap),
    }
