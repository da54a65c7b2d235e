"""Which rows of money are no longer needed: periods long over and events long told. Ledger entries stay."""

from datetime import datetime, timedelta

from django.conf import settings

from wallet.models import Budget, WalletEvent

MINUTES = (Budget.Kind.RPM, Budget.Kind.TPM)
MINUTES_KEPT = timedelta(days=1)  # a call ends within hours
PERIODS_KEPT = timedelta(days=400)  # a month and its last year


def prune(now: datetime) -> int:
    """Delete budgets whose period is long over and that nothing is held of, and told events; return how many."""
    over = Budget.objects.filter(period_start__gt=0, held=0)
    deleted = [
        over.filter(kind__in=MINUTES, period_start__lt=(now - MINUTES_KEPT).timestamp()).delete()[0],
        over.filter(period_start__lt=(now - PERIODS_KEPT).timestamp()).delete()[0],
        WalletEvent.objects.filter(expanded_at__lt=now - timedelta(days=settings.ERROR_RETENTION_DAYS)).delete()[0],
    ]
    return sum(deleted)
