"""What an account may take along of this room."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import callids, money
from common.tables import Table, columns
from usage.models import CallLog, HourlyUsage

COUNTED = (
    *("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("audio_input_tokens", "audio_output_tokens"),
)


def tables(user: User) -> list[Table]:
    """Return every call and refusal that is still kept, and the sums of all there ever were."""
    return [
        Table(
            "calls",
            CallLog.objects.filter(user=user),
            columns(
                *("kind", "source", "model", "api_key", "channel", "stream", "status", "code", "reason", *COUNTED),
                *("price_source", "estimated", "latency_ms", "ttfb_ms", "address"),
                request_id=("id", callids.request_id),
                created_at=("id", callids.moment),
                charge_usd=("charge", money.to_decimal),
                shortfall_usd=("shortfall", money.to_decimal),
            ),
            _("Calls"),
        ),
        Table(
            "usage_by_hour",
            HourlyUsage.objects.filter(user=user),
            columns(
                *("model", "api_key", "calls", "errors", "input_tokens", "output_tokens"),
                hour=("hour", callids.hour),
                paid_usd=("paid", money.to_decimal),
            ),
            keys=("hour", "model", "api_key"),
        ),
    ]
