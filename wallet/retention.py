"""Which rows of money are no longer needed: periods long over and events long told. Ledger entries stay."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts import ports
from common import batches
from wallet.models import Budget, WalletEvent

MINUTES = (Budget.Kind.RPM, Budget.Kind.TPM)
MINUTES_KEPT = timedelta(days=1)  # a call ends within hours
PERIODS_KEPT = timedelta(days=400)  # a month and its last year


def prune(now: datetime) -> int:
    """Delete budgets whose period is long over and that nothing is held of, and told events; return how many."""
    return batches.delete(_budgets(now)) + batches.delete(_events(now))


def due(now: datetime) -> dict[str, int]:
    """Return how many budgets and events are no longer needed."""
    return {"budgets": _budgets(now).count(), "events": _events(now).count()}


def _budgets(now: datetime) -> QuerySet[Budget]:
    minutes = Q(kind__in=MINUTES, period_start__lt=(now - MINUTES_KEPT).timestamp())
    periods = Q(period_start__lt=(now - PERIODS_KEPT).timestamp())
    return Budget.objects.filter(minutes | periods, period_start__gt=0, held=0)


def _events(now: datetime) -> QuerySet[WalletEvent]:
    return WalletEvent.objects.filter(expanded_at__lt=now - ports.kept().errors)
