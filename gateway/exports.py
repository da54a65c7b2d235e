"""What an account may take along of this room: its API keys by their hints, never a secret or a digest."""

from django.db.models import CharField, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import money
from common.tables import Table, columns
from gateway.models import ApiKey

HINT = Concat("prefix", Value("…"), "suffix", output_field=CharField())


def tables(user: User) -> list[Table]:
    """Return the keys with what they have to obey."""
    return [
        Table(
            "api_keys",
            ApiKey.objects.filter(user=user).annotate(shown=HINT),
            columns(
                *("name", "key_class", "enabled", "period", "allowed_models", "subnets"),
                *("created_at", "expires_at", "last_used_at"),
                hint=("shown", str),
                limit_usd=("limit", money.to_decimal),
            ),
            _("API keys"),
        )
    ]
