"""The order in which channels and keys are tried."""

from collections import Counter

import pytest

from gateway.health import Health
from gateway.routing import Candidate, Credential


def channel(number: int, **fields) -> Candidate:
    base = {"channel": f"c{number}", "kind": "openai", "base_url": "http://x/v1", "model": "m", "upstream_model": "m"}
    return Candidate(channel_id=number, **{**base, **fields})


def first(health: Health, candidates, hint: str = "") -> int:
    return health.rank(candidates, hint)[0][0].channel_id


def test_higher_priority_comes_first_whatever_the_weight():
    candidates = [channel(1, priority=0, weight=1000), channel(2, priority=5, weight=1), channel(3, priority=-1)]
    assert [candidate.channel_id for candidate, _ in Health().rank(candidates, "")] == [2, 1, 3]


@pytest.mark.parametrize("hinted", [False, True])
def test_weights_share_the_calls(hinted):
    candidates = [channel(1, weight=1), channel(2, weight=3), channel(3, weight=0)]
    picks = Counter(first(Health(), candidates, f"session {turn}" if hinted else "") for turn in range(4000))
    assert picks[3] == 0
    assert 0.70 < picks[2] / 4000 < 0.80


def test_a_session_stays_with_its_channel_and_key():
    keys = tuple(Credential(number, f"k{number}") for number in range(5))
    candidates = [
        channel(number, credentials=tuple(Credential(k.id + 10 * number, k.secret) for k in keys))
        for number in range(1, 5)
    ]
    for turn in range(50):
        picks = {tuple(map(id, Health().rank(candidates, f"session {turn}")[0])) for _ in range(10)}
        assert len(picks) == 1


def test_a_channel_more_takes_only_what_it_gets():
    four = [channel(number) for number in range(1, 5)]
    five = [*four, channel(5)]
    moved = [(first(Health(), four, f"s{turn}"), first(Health(), five, f"s{turn}")) for turn in range(1000)]
    changed = [after for before, after in moved if before != after]
    assert set(changed) == {5}
    assert 120 < len(changed) < 280


def test_a_resting_channel_gives_its_sessions_to_the_next_and_gets_them_back():
    candidates = [channel(1), channel(2)]
    health = Health()
    hint = next(f"s{turn}" for turn in range(100) if first(health, candidates, f"s{turn}") == 1)
    health.failed(1)
    assert first(health, candidates, hint) == 2
    health.answered(1, 0)
    assert first(health, candidates, hint) == 1


def test_a_limited_key_is_asked_after_the_others():
    one = channel(1, credentials=(Credential(1, "a"), Credential(2, "b")))
    health = Health()
    health.limited(1, 1, 30)
    assert all(health.rank([one], "")[0][1].id == 2 for _ in range(20))
    assert len(health.rank([one], "")) == 2


def test_a_refused_key_is_not_asked():
    one = channel(1, credentials=(Credential(1, "a"), Credential(2, "b", rests_until=float("inf"))))
    health = Health()
    assert [key.id for _, key in health.rank([one], "")] == [1]
    health.refused.add(1)
    assert health.rank([one], "") == []


def test_any_text_is_a_hint():
    for hint in ("\ud800", "\x00", "中" * 10_000):
        assert len(Health().rank([channel(1), channel(2)], hint)) == 2
