"""What the frame shows of the gate."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gateway import upstreams


def condition(_: HttpRequest) -> dict[str, object]:
    """Return how the channels are; asked for only where a template shows it."""
    return {"upstreams": SimpleLazyObject(upstreams.condition)}
