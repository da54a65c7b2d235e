"""A call and the money that is held for it."""

from gateway import estimate
from gateway.commit.orders import Hold
from gateway.http import ApiCall
from gateway.routing import Candidate


class Held:
    """What the hold means for whoever answers: how long the answer may be, and who has to be told."""

    def __init__(self, call: ApiCall, hold: Hold) -> None:
        """Join them."""
        self.call = call
        self.hold = hold
        self.bounded = True  # False once the upstream has refused to be told
        self._bounds: dict[str, int | None] = {}

    def bound_for(self, candidate: Candidate) -> int | None:
        """Return the bound that this candidate must be told: only where it is below the model's own, and it costs."""
        if candidate.channel not in self._bounds:
            self._bounds[candidate.channel] = self._bound_for(candidate)
        return self._bounds[candidate.channel]

    def _bound_for(self, candidate: Candidate) -> int | None:
        rates = self.call.prices[candidate.channel]
        if rates.source == "free":
            return None
        limit = estimate.output_limit(rates, self.call.known_request.prompt_tokens)
        return self.hold.bound if limit is None or self.hold.bound < limit else None

    def told(self, candidate: Candidate) -> int | None:
        """Return the bound that a candidate is told beyond the client's own words, None where there is none."""
        bound = self.bound_for(candidate) if self.bounded else None
        if bound is None or not self.call.known_format.adds_bound(self.call.known_request, candidate, bound):
            return None
        return bound
