"""What an account may take along of this room."""

from accounts.models import User
from common.tables import Table, columns
from pricing.models import PricingSettings


def tables(user: User) -> list[Table]:
    """Return what an account has chosen; nothing where it left every default."""
    return [Table("pricing_settings", PricingSettings.objects.filter(user=user), columns("accept_unpriced"))]
