"""The addresses that calls were logged with, where their owner records them: counted and erased."""

from collections.abc import Callable

from django.db.models import QuerySet

from usage.models import CallLog

BATCH = 1000  # rows in one short transaction, so that no call waits behind a long one


def held(user_id: int) -> int:
    """Return how many rows of an account hold an address."""
    return _rows(user_id).count()


def erase(user_id: int, told: Callable[[int, int], None]) -> int:
    """Take the address out of every row that holds one by now; return how many did.

    `told` is given how many are done and how many there were, after each batch.
    """
    newest = _rows(user_id).order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        return 0
    rows = _rows(user_id).filter(id__lte=newest)  # an account that goes on recording must not keep this from ending
    total, erased = rows.count(), 0
    while some := list(rows.order_by("id").values_list("id", flat=True)[:BATCH]):
        erased += rows.filter(id__gte=some[0], id__lte=some[-1]).update(address=None)
        told(erased, max(total, erased))
    return erased


def _rows(user_id: int) -> QuerySet[CallLog]:
    return CallLog.objects.filter(user_id=user_id, address__isnull=False)
