"""What each key of an account paid, by the name that the roll-up keeps."""

from django.db.models import Sum

from usage.models import HourlyUsage

HOUR = 3600


def paid_since(user_id: int, moment: float) -> dict[str, int]:
    """Return nano-USD paid since the hour of `moment` (Unix seconds) by name of key; unused ones are left out."""
    hours = HourlyUsage.objects.filter(user_id=user_id, hour__gte=int(moment) // HOUR)
    return dict(hours.values_list("api_key").annotate(paid=Sum("paid")))
