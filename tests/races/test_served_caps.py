"""Three server processes, one cap and one operator: who is let in, and how soon a word counts everywhere."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import requests

from common.money import NANO
from tests.peers.upstream import Upstream
from tests.serving import Server

CALLERS = 32
SOON = 1.0  # seconds within which every worker obeys
FORBID = """
import time
from django.db import transaction
from common import version
from pricing.models import PricingPolicy
with transaction.atomic():
    PricingPolicy.objects.update_or_create(pk=1, defaults={{"allow_unpriced": {allowed}}})
    version.bump()
print(time.time())
"""


@dataclass
class Served:
    server: Server
    upstream: Upstream
    key: str
    token: str

    def call(self, model: str = "ok") -> requests.Response:
        """Call over a connection of its own, which any worker may take."""
        body = {"model": model, "messages": [{"role": "user", "content": "once upon a time"}], "max_tokens": 100}
        headers = {"authorization": f"Bearer {self.key}"}
        return requests.post(f"{self.server.url}/v1/chat/completions", json=body, headers=headers, timeout=60)

    def calls(self, model: str = "ok") -> list[requests.Response]:
        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(lambda _: self.call(model), range(CALLERS)))

    def choose(self, **change: Any) -> dict[str, Any]:
        """Change the safeguard by a token of the scope `write`, and give every worker its second."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = requests.patch(f"{self.server.url}/api/settings/pricing", json=change, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        time.sleep(SOON)
        return dict(answer.json())

    def allow(self, *, allowed: bool) -> None:
        """Let the operator speak, and give every worker its second from the commit on."""
        said = self.server.manage("shell", "-v", "0", "-c", FORBID.format(allowed=allowed))
        time.sleep(max(0.0, float(said.split()[-1]) + SOON - time.time()))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Upstream() as upstream, Server(workers=3, TOLLGATE_OUTBOUND_ALLOW="127.0.0.0/8") as server:
        server.manage("user", "create", "ann", "--email", "ann@example.com", "--credit", "50")
        key = json.loads(server.manage("key", "create", "ann", "laptop", "--json"))["key"]
        token = json.loads(server.manage("token", "create", "ann", "--scopes", "read,write", "--json"))["token"]
        server.manage("channel", "add", "main", "--base-url", upstream.url, "--models", "ok,slow:0.5")
        yield Served(server, upstream, key, token)


def codes(answers: list[requests.Response]) -> Counter[str]:
    return Counter(answer.json().get("error", {}).get("code", "ok") for answer in answers)


@pytest.mark.req("M9")
def test_off_nothing_leaves_any_worker(served: Served) -> None:
    served.choose(accept_unpriced=False, monthly_cap_usd=None)
    served.upstream.requests.clear()
    assert codes(served.calls()) == {"model_price_not_set": CALLERS}
    assert served.upstream.requests == []


@pytest.mark.req("M1", "M9")
def test_of_parallel_callers_over_three_workers_exactly_as_many_pass_as_fit(served: Served) -> None:
    spent_before = Decimal(served.choose(accept_unpriced=True, monthly_cap_usd="0.000000001")["month_spent_usd"])
    message = served.call().json()["error"]["message"]
    hold = Decimal(message.split("a hold of $")[1].split(" ")[0].rstrip("."))
    fits = 7
    served.choose(monthly_cap_usd=f"{spent_before + hold * fits + hold / 2:.9f}")
    assert codes(served.calls("slow:0.5")) == {"ok": fits, "cap_reached": CALLERS - fits}
    shown = served.choose()
    ((spent, held),) = served.server.query("SELECT spent, held FROM wallet_budget WHERE kind = 'cap'")
    ((charged,),) = served.server.query("SELECT sum(charge) FROM usage_calllog WHERE price_source = 'fallback'")
    assert (spent, held) == (charged, 0)
    assert spent == Decimal(shown["month_spent_usd"]) * NANO


def test_every_worker_obeys_the_owner_and_the_operator_within_a_second(served: Served) -> None:
    served.choose(accept_unpriced=True, monthly_cap_usd=None)
    assert codes(served.calls()) == {"ok": CALLERS}
    served.choose(accepted_models=["slow:0.5"])
    assert codes(served.calls()) == {"model_price_not_set": CALLERS}
    served.choose(accepted_models=[])
    assert codes(served.calls()) == {"ok": CALLERS}
    served.allow(allowed=False)
    assert codes(served.calls()) == {"model_price_not_set": CALLERS}
    served.allow(allowed=True)
    assert codes(served.calls()) == {"ok": CALLERS}
