"""What has been spent within a limit's period."""

from collections.abc import Collection

from wallet.models import Budget


def spent(user_id: int, kind: str, starts: Collection[int]) -> dict[tuple[int, int], int]:
    """Return what the account's budgets of a kind spent in the periods that began then, by (owner, period start)."""
    rows = Budget.objects.filter(wallet_id=user_id, kind=kind, period_start__in=starts)
    return {(owner, start): amount for owner, start, amount in rows.values_list("owner", "period_start", "spent")}
