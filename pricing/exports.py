"""What an account may take along of this room."""

from accounts.models import User
from common import money
from common.tables import Table, columns
from pricing.models import PricingSettings


def tables(user: User) -> list[Table]:
    """Return what an account has chosen; nothing where it left every default."""
    chosen = columns(
        *("accept_unpriced", "accepted_models", "reviewed_at"), monthly_cap_usd=("monthly_cap", money.to_decimal)
    )
    return [Table("pricing_settings", PricingSettings.objects.filter(user=user), chosen)]
