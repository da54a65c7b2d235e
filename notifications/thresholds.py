"""Quota warnings of an account: shown, and saved so that none is lost and none is told a second time."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import ports
from accounts.models import User
from common import money
from notifications.models import Threshold

MOST = 5  # further ones


class InvalidThreshold(ValueError):
    """An amount that is no threshold; `field` is "threshold" or "further_thresholds"."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Amounts in nano-USD. `main` is 0 where it is off; `further` ones come highest first; `fired` ones were told."""

    main: int = 0
    further: tuple[int, ...] = ()
    fired: frozenset[int] = frozenset()


def of(user_id: int) -> Thresholds:
    """Return when an account is warned; nothing is on where it has never had a wallet."""
    rows = list(Threshold.objects.filter(user_id=user_id).order_by("-amount"))
    return Thresholds(
        main=next((row.amount for row in rows if row.main), 0),
        further=tuple(row.amount for row in rows if not row.main),
        fired=frozenset(row.amount for row in rows if row.fired),
    )


@transaction.atomic
def save(user: User, *, main: int | None = None, further: Sequence[int] | None = None) -> Thresholds:
    """Store the main threshold (0: off), the further ones, or both; what is None stays. Return what is there now.

    What was there already keeps its flag; what the total is below already counts as told. Raises InvalidThreshold.
    """
    total = ports.total_locked(user.pk)  # commits and credits, which turn flags too, wait
    now = of(user.pk)
    main = now.main if main is None else main
    further = now.further if further is None else further
    _check(main, further)
    wanted = {main, *further} - {0}
    rows = Threshold.objects.filter(user_id=user.pk)
    rows.exclude(amount__in=wanted).delete()
    rows.filter(main=True).exclude(amount=main).update(main=False)
    there = set(rows.values_list("amount", flat=True))
    rows.filter(amount=main).update(main=True)
    Threshold.objects.bulk_create(
        Threshold(user=user, amount=amount, main=amount == main, fired=total < amount) for amount in wanted - there
    )
    return of(user.pk)


def _check(main: int, further: Sequence[int]) -> None:
    if not 0 <= main <= money.LARGEST:
        raise InvalidThreshold(_("Give an amount in dollars; 0 turns the warning off."), field="threshold")
    if len(further) > MOST:
        raise InvalidThreshold(_("At most %(most)s further thresholds.") % {"most": MOST}, field="further_thresholds")
    if not all(0 < amount <= money.LARGEST for amount in further):
        raise InvalidThreshold(_("Further thresholds are above zero."), field="further_thresholds")
    if len({main, *further}) != len(further) + 1:
        raise InvalidThreshold(_("Name each amount once."), field="further_thresholds")
