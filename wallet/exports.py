"""What an account may take along of this room. Amounts are exact dollars."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import money
from common.tables import Table, columns
from wallet.models import Budget, Hold, LedgerEntry, Wallet, WalletEvent

MONEY = {Budget.Kind.KEY, Budget.Kind.CAP, Budget.Kind.PLAYGROUND}  # other limits count calls and tokens


def tables(user: User) -> list[Table]:
    """Return the balance, all that explains it, and the limits it was spent under."""
    budgets = Budget.objects.filter(wallet_id=user.pk)
    return [
        Table(
            "wallet",
            Wallet.objects.filter(pk=user.pk),
            columns(
                **{f"{name}_usd": (name, money.to_decimal) for name in ("balance", "held", "owed", "credit_limit")}
            ),
        ),
        Table(
            "ledger",
            LedgerEntry.objects.filter(wallet_id=user.pk),
            columns("created_at", "kind", "reference", "note", amount_usd=("amount", money.to_decimal)),
            _("Ledger entries"),
        ),
        Table(
            "open_calls",
            Hold.objects.filter(wallet_id=user.pk),
            columns("kind", "model", "api_key", "channel", "stream", held_usd=("amount", money.to_decimal)),
        ),
        Table(
            "spending_limits",
            budgets.filter(kind__in=MONEY),
            columns(
                *("kind", "owner", "period_start"),
                limit_usd=("limit", _limit),
                **{f"{name}_usd": (name, money.to_decimal) for name in ("spent", "held")},
            ),
        ),
        Table(
            "rate_limits",
            budgets.exclude(kind__in=MONEY),
            columns("kind", "owner", "period_start", "limit", "spent", "held"),
        ),
        Table(
            "wallet_events",
            WalletEvent.objects.filter(wallet_id=user.pk),
            columns(
                *("created_at", "kind"),
                total_usd=("total", money.to_decimal),
                threshold_usd=("threshold", money.to_decimal),
            ),
        ),
    ]


def _limit(nano: int) -> Decimal | None:
    """Return a limit in dollars; None where the spending was counted without one."""
    return None if nano == money.LARGEST else money.to_decimal(nano)
