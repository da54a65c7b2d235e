"""What a key is allowed: its own models, quota, end and addresses, at the layer that every call passes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services as accounts
from common import version
from common.money import NANO
from gateway import keys
from gateway.models import ApiKey
from tests.gateway.client import Answer, Gate, aside, chat
from tests.gateway.conftest import House


@dataclass(frozen=True)
class Rule:
    """What is set on the key for a call that it allows, and for one that it does not."""

    inside: dict[str, Any]
    outside: dict[str, Any]
    status: int
    code: str


def later(**spans: float) -> Any:
    return timezone.now() + timedelta(**spans)


RULES: dict[str, Callable[[], Rule]] = {
    "models": lambda: Rule({"allowed_models": ["ok"]}, {"allowed_models": ["odd"]}, 403, "model_not_allowed"),
    "quota": lambda: Rule({"limit": NANO}, {"limit": 1}, 402, "key_limit_reached"),
    "expiry": lambda: Rule({"expires_at": later(hours=1)}, {"expires_at": later(seconds=-1)}, 401, "invalid_api_key"),
    "addresses": lambda: Rule(
        {"subnets": ["203.0.113.0/24"]}, {"subnets": ["198.51.100.0/24", "2001:db8::/32"]}, 403, "ip_not_allowed"
    ),
    "switch": lambda: Rule({"enabled": True}, {"enabled": False}, 401, "invalid_api_key"),
}


@pytest.mark.req("H9b")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_inside_of_its_limits_a_key_calls_and_outside_it_does_not(house: House, rule, stream) -> None:
    asked, (_, second) = rule(), keys.mint(house.user, "another")

    async def work(gate: Gate) -> tuple[Answer, Answer, Answer]:
        await aside(change, asked.inside)
        await gate.runtime.refresh()
        inside = await gate.post(chat(stream=stream))
        await aside(change, asked.outside)
        await gate.runtime.refresh()
        return inside, await gate.post(chat(stream=stream)), await gate.post(chat(stream=stream), key=second)

    def change(values: dict[str, Any]) -> None:
        ApiKey.objects.filter(pk=house.key.pk).update(**values)
        version.bump()

    inside, outside, other = house.run(work)
    assert (inside.status, other.status) == (200, 200), "and the account's other keys have limits of their own"
    assert (outside.status, outside.code) == (asked.status, asked.code)
    assert len(house.upstream.requests) == 2, "what is refused never leaves"


@pytest.mark.req("H9b")
def test_a_quota_is_spent_to_its_end_and_never_passed(house: House) -> None:
    price, most = 140_000, 5
    ApiKey.objects.update(limit=price * most + 8_000_000, period=ApiKey.Period.TOTAL)

    async def work(gate: Gate) -> list[Answer]:
        return [await gate.post(chat(max_tokens=20)) for _ in range(200)]

    answers = house.run(work)
    paid = [answer for answer in answers if answer.status == 200]
    assert {answer.code for answer in answers[len(paid) :]} == {"key_limit_reached"}
    limit = ApiKey.objects.get(pk=house.key.pk).limit
    assert limit
    assert house.spent() == price * len(paid) <= limit
    assert limit - house.spent() < price + 1_000_000, "no more is left than the next hold would take"


@pytest.mark.req("H9b")
def test_all_keys_of_a_disabled_owner_are_dead_and_live_again_with_the_account(house: House) -> None:
    secrets = [house.secret, *(keys.mint(house.user, name)[1] for name in ("two", "three"))]

    async def ask(gate: Gate) -> list[int]:
        await gate.runtime.refresh()
        return [(await gate.post(chat(), key=secret)).status for secret in secrets]

    async def work(gate: Gate) -> list[list[int]]:
        seen = [await ask(gate)]
        for verb in (accounts.disable, accounts.enable):
            await aside(verb, house.user)
            seen.append(await ask(gate))
        return seen

    assert house.run(work) == [[200] * 3, [401] * 3, [200] * 3]
