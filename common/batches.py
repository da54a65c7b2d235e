"""Many rows deleted a few at a time, so that nobody waits behind one long transaction."""

from typing import TypeVar

from django.db.models import Model, QuerySet

SIZE = 2000  # rows in one short transaction
MOST = 50  # batches in one go

Row = TypeVar("Row", bound=Model)


def delete(rows: QuerySet[Row], *, size: int | None = None, most: int | None = None) -> int:
    """Delete what is chosen in the order of its keys; return how many. Call again if it is many."""
    size, most = size or SIZE, most or MOST
    deleted = 0
    for _ in range(most):
        some = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
        # the list is ordered and complete between its ends, and bounds let PostgreSQL pass over whole partitions
        if some:
            deleted += rows.filter(pk__gte=some[0], pk__lte=some[-1]).delete()[0]
        if len(some) < size:
            break
    return deleted
