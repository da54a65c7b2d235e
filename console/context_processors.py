"""What the frame shows of other rooms."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from common.money import NANO
from wallet import ledger

LOW = NANO  # $1.00, where accounts are warned unless they choose otherwise


@dataclass(frozen=True, slots=True)
class Purse:
    """The balance in the sidebar; `percent` of the total is free, `kind` is how worrying that is."""

    free: int
    total: int
    percent: float
    kind: str


def purse(request: HttpRequest) -> dict[str, object]:
    """Return the balance of who is signed in; it is asked for only where a template shows it."""
    user = getattr(request, "user", None)  # a request refused before authentication has none
    if user is None or not user.is_authenticated:
        return {}
    return {"purse": SimpleLazyObject(lambda: _purse(user.pk))}


def _purse(user_id: int) -> Purse:
    balance = ledger.balance(user_id)
    percent = max(balance.free, 0) * 100 / balance.total if balance.total > 0 else 0.0
    kind = "bad" if balance.free <= 0 else "warn" if balance.free < LOW else ""
    return Purse(balance.free, balance.total, percent, kind)
