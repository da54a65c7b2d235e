"""Which channels and keys rest, as this process has seen it, and the order in which a call tries them."""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from gateway.routing import Candidate, Credential

FIRST_PAUSE = 1.0  # seconds after a failure, doubled by each further one
LONGEST_PAUSE = 60.0
NO_KEY = Credential(0, "")  # stands for the key of an upstream that asks for none

Attempt = tuple[Candidate, Credential]


@dataclass(slots=True)
class Rest:
    """A pause: over at a monotonic second, and how many failures in a row led to it."""

    until: float
    failures: int


@dataclass(slots=True)
class Health:
    """What rests. A pause only puts its channel or key last; a refused key is not asked at all."""

    channels: dict[int, Rest] = field(default_factory=dict)
    keys: dict[int, Rest] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)

    def rank(self, candidates: Sequence[Candidate], hint: str) -> list[Attempt]:
        """Return whom to ask, best first: healthy before resting, higher priority first, then by weight.

        The same hint gives the same order in every process: weighted rendezvous hashing, so that one channel more or
        less moves only the sessions that it takes or had.
        """
        usable = [
            (candidate, key)
            for candidate in candidates
            for key in candidate.credentials or (NO_KEY,)
            if key.id not in self.refused and (not key.rests_until or key.rests_until <= time.time())
        ]
        if len(usable) < 2:  # noqa: PLR2004
            return usable
        now = time.monotonic()
        scores = {id(candidate): score(hint, f"c{candidate.channel_id}", candidate.weight) for candidate in candidates}

        def standing(attempt: Attempt) -> tuple[bool, int, float, float]:
            candidate, key = attempt
            preference = scores[id(candidate)], score(hint, f"k{key.id}", 1)
            return not self._rests(candidate, key, now), candidate.priority, *preference

        return sorted(usable, key=standing, reverse=True)

    def _rests(self, candidate: Candidate, key: Credential, now: float) -> bool:
        rests = self.channels.get(candidate.channel_id), self.keys.get(key.id)
        return any(rest is not None and rest.until > now for rest in rests)

    def failed(self, channel_id: int) -> None:
        """Let a channel rest, the longer the more often it failed in a row."""
        failures = self.channels[channel_id].failures if channel_id in self.channels else 0
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**failures)
        self.channels[channel_id] = Rest(time.monotonic() + pause, min(failures + 1, 16))

    def limited(self, channel_id: int, key_id: int, seconds: float) -> None:
        """Let a key, or a channel that needs none, rest for as long as its upstream asked."""
        rests, owner = (self.keys, key_id) if key_id else (self.channels, channel_id)
        rests[owner] = Rest(time.monotonic() + min(seconds, LONGEST_PAUSE), 1)

    def answered(self, channel_id: int, key_id: int) -> None:
        """Forget the failures of a channel and key that work."""
        self.channels.pop(channel_id, None)
        self.keys.pop(key_id, None)

    def clear(self) -> None:
        """Forget everything."""
        self.channels.clear()
        self.keys.clear()
        self.refused.clear()


def score(hint: str, name: str, weight: int) -> float:
    """Return a number that, being the highest, picks each name with a chance in proportion to its weight."""
    if not hint:
        uniform = random.random()  # noqa: S311 - load, not secrecy
    else:
        digest = blake2b(f"{hint}\0{name}".encode(errors="replace"), digest_size=8).digest()
        uniform = int.from_bytes(digest) / 2**64
    return weight / -math.log(max(uniform, 2**-64)) if weight else 0.0


health = Health()
