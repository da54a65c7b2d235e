"""What models are sold for besides tokens."""

from collections.abc import Iterable

from pricing.models import Price


def sold_by(models: Iterable[str], unit: str) -> bool:
    """Return whether any of these models has a live price for one `unit`: "per_image" or "per_second"."""
    return Price.objects.live().filter(model__in=set(models), **{f"{unit}__gt": 0}).exists()
