"""What can answer, and what it costs: read as a whole, immutable, replaced when the version moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common import version
from gateway import channels
from gateway.health import health
from gateway.routing import Candidate
from pricing import services as pricing
from pricing.units import Rates


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Channels by public model name, prices by (model, channel or ""), as of one version."""

    version: int = -1
    routes: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    prices: Mapping[tuple[str, str], Rates] = field(default_factory=dict)
    fallback: Rates | None = None

    def serving(self, model: str, group_id: int) -> tuple[Candidate, ...]:
        """Return what may answer a call of this group, the best first."""
        found = self.routes.get(model, ())
        if not any(candidate.groups for candidate in found):
            return found
        return tuple(candidate for candidate in found if not candidate.groups or group_id in candidate.groups)

    def usable(self) -> bool:
        """Return whether any channel can be asked now."""
        return any(health.rank(candidates, "") for candidates in self.routes.values())


def load() -> Snapshot:
    """Return the present state."""
    # read before the rest: a change in between makes the next poll load again, never too late
    number = version.current()
    routes = channels.load()
    models = {name for found in routes.values() for one in found for name in (one.model, one.upstream_model)}
    return Snapshot(number, routes, pricing.live_rates(models), pricing.fallback_rates())
