"""What an account was told: its deliveries, newest first."""

from collections.abc import Sequence

from accounts.models import User
from notifications import outbox
from notifications.models import Delivery


def page(user: User, *, size: int, before: int | None = None) -> tuple[Sequence[Delivery], int | None]:
    """Return deliveries of an account, newest first, and the `before` of older ones, None at the end."""
    found = Delivery.objects.filter(user=user).order_by("-id").defer("payload", "tries")
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def one(user: User, delivery_id: int) -> Delivery | None:
    """Return a delivery of an account, None where it has none of this number."""
    return Delivery.objects.filter(user=user, pk=delivery_id).first()


def latest_test(user: User, kind: str) -> Delivery | None:
    """Return the last test of a method that is still on its way."""
    waiting = Delivery.objects.filter(user=user, method=kind, event="test", state=Delivery.State.PENDING)
    return waiting.order_by("-id").first()


tries = outbox.tries
repeat = outbox.repeat
