"""How the channels are doing, in one word for the top of every page."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.models import Channel, ChannelKey


@dataclass(frozen=True, slots=True)
class Condition:
    """What to say of the channels, and how worrying it is: "", "warn" or "bad"."""

    words: str
    kind: str = ""


def condition() -> Condition:
    """Return how the enabled channels are; one is down while all of its keys rest or were refused.

    The built-in sandbox is no upstream.
    """
    usable = Q(keys__state=ChannelKey.State.ACTIVE) | Q(keys__rest_until__lte=timezone.now())
    channels = (
        Channel.objects.filter(enabled=True)
        .exclude(kind=Channel.Kind.SANDBOX)
        .annotate(owned=Count("keys"), usable=Count("keys", filter=usable))
    )
    states = [owned and not left for owned, left in channels.values_list("owned", "usable")]
    down = sum(map(bool, states))
    if not states:
        return Condition(_("no upstream yet"), "warn")
    if not down:
        return Condition(_("all upstreams healthy"))
    if down == len(states):
        return Condition(_("no upstream answers"), "bad")
    return Condition(_("%(down)s of %(all)s upstreams rest") % {"down": down, "all": len(states)}, "warn")
