"""Groups: what their accounts pay and may call."""

from decimal import Decimal

from django.db import transaction

from accounts.models import PARTS_PER_MILLION, Group
from common import version

LONGEST = 64  # characters of a name
LARGEST = 1_000_000  # times list price


class InvalidGroup(ValueError):
    """A name, multiplier or limit that will not do; the text says which."""


@transaction.atomic
def change(name: str, *, default: bool = False, **values: object) -> Group:
    """Make or change the group of this name, at once for every worker; `values` are its columns by name.

    With `default` new accounts are put into it from now on. Raises InvalidGroup.
    """
    if not name or len(name) > LONGEST or not name.isprintable():
        raise InvalidGroup("A group's name has 1 to 64 printable characters.")
    if default:
        Group.objects.filter(is_default=True).exclude(name=name).update(is_default=False)
        values["is_default"] = True
    group, _made = Group.objects.update_or_create(name=name, defaults=values)
    version.bump()
    return group


def multiplier(factor: str) -> int:
    """Return parts per million for a factor of list price ("0.8"). Raises InvalidGroup unless it is exact."""
    try:
        parts = Decimal(factor) * PARTS_PER_MILLION
    except ArithmeticError as error:
        raise InvalidGroup(f"{factor!r} is no multiplier; 1 is list price, 0.8 a fifth less.") from error
    if not parts.is_finite() or parts != parts.to_integral_value() or not 0 <= parts <= LARGEST * PARTS_PER_MILLION:
        raise InvalidGroup(f"A multiplier is 0 to {LARGEST}, with at most six decimals.")
    return int(parts)


def policy(group: Group) -> dict[str, object]:
    """Return what the accounts of a group pay and may call, for programs; a limit that there is not is None."""
    return {
        "multiplier": factor(group.multiplier_ppm),
        "models": group.allowed_models,
        "max_keys": group.max_keys,
        "rpm": group.rpm,
        "tpm": group.tpm,
        "parallel": group.parallel,
        "streams": group.streams,
    }


def factor(multiplier_ppm: int) -> str:
    """Return parts per million as a factor, without trailing zeros ("0.8")."""
    return f"{Decimal(multiplier_ppm) / PARTS_PER_MILLION:f}"
