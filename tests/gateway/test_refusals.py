"""One table: every refusal with its status, its code, its row and its charge."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Group
from common import secretkeys, version
from common.callids import request_id
from common.money import NANO
from gateway import keys, problems, relay
from gateway.models import ApiKey, Channel
from gateway.routing import Candidate
from pricing import preferences
from pricing.models import PricingPolicy
from tests.gateway.client import Answer, Gate, chat
from tests.gateway.conftest import House
from wallet import ledger


def change_key(**fields: Any) -> Callable[[House], None]:
    def change(house: House) -> None:
        ApiKey.objects.filter(pk=house.key.pk).update(**fields)

    return change


def change_group(**fields: Any) -> Callable[[House], None]:
    def change(house: House) -> None:
        Group.objects.filter(pk=house.user.group_id).update(**fields)

    return change


def disable_owner(house: House) -> None:
    house.user.is_active = False
    house.user.save()


def empty_wallet(house: House) -> None:
    ledger.debit(house.user.pk, 100 * NANO, reference="out")


def unpriced(house: House) -> None:
    house.serve("unpriced", price=False)


def other_group(house: House) -> None:
    house.channel.groups.add(Group.objects.create(name="staff"))


@dataclass
class Case:
    status: int
    code: str
    prepare: Callable[[House], object] = lambda house: None
    body: Any = field(default_factory=chat)
    options: dict[str, Any] = field(default_factory=dict)
    logged: bool = True
    words: tuple[str, ...] = ()
    relayed: bool = False  # in the upstream's own words
    streams: bool = True  # refused before the first byte, streamed or not


UNKNOWN = secretkeys.mint(secretkeys.API_KEY)
CASES = {
    "no key": Case(401, "invalid_api_key", options={"key": None}, logged=False),
    "malformed key": Case(401, "invalid_api_key", options={"key": "sk-tg-short"}, logged=False),
    "wrong checksum": Case(401, "invalid_api_key", options={"key": UNKNOWN[:-1] + "!"}, logged=False),
    "unknown key": Case(401, "invalid_api_key", options={"key": UNKNOWN}, logged=False),
    "unknown imported key": Case(401, "invalid_api_key", options={"key": "sk-proj-abc"}, logged=False),
    "disabled key": Case(401, "invalid_api_key", lambda house: keys.disable(house.key), logged=False),
    "expired key": Case(
        401, "invalid_api_key", change_key(expires_at=timezone.now() - timedelta(seconds=1)), logged=False
    ),
    "disabled owner": Case(401, "invalid_api_key", disable_owner, logged=False),
    "unknown model": Case(404, "model_not_found", body=chat("nobody-serves-this"), words=("nobody-serves-this",)),
    "model of another group": Case(404, "model_not_found", other_group),
    "disabled channel": Case(404, "model_not_found", lambda house: Channel.objects.update(enabled=False)),
    "model not of the key": Case(403, "model_not_allowed", change_key(allowed_models=["odd"]), words=("ok",)),
    "model not of the group": Case(403, "model_not_allowed", change_group(allowed_models=["odd"])),
    "other address": Case(403, "ip_not_allowed", change_key(subnets=["198.51.100.0/24"])),
    "no price": Case(
        403,
        "model_price_not_set",
        unpriced,
        body=chat("unpriced"),
        words=("unpriced", "accept_unpriced", "http://localhost:8000/settings/pricing/"),
    ),
    "empty wallet": Case(
        402, "insufficient_quota", empty_wallet, words=("$0.00 is free", "$0.00 is held", "hold of $")
    ),
    "key limit": Case(402, "key_limit_reached", change_key(limit=1), words=("$0.000000001", "$100.00 is free")),
    "requests a minute": Case(429, "rate_limit_exceeded", change_group(rpm=0)),
    "tokens a minute": Case(429, "rate_limit_exceeded", change_group(tpm=3)),
    "calls in flight": Case(429, "rate_limit_exceeded", change_group(parallel=0)),
    "open streams": Case(
        429, "rate_limit_exceeded", change_group(streams=0), body=chat(stream=True), words=("0 streams", "your group")
    ),
    "not JSON": Case(400, "invalid_request", body=b"{"),
    "body too large": Case(413, "invalid_request", body=b"[" * (32 * 2**20 + 1)),
    "not a JSON body": Case(415, "invalid_request", options={"headers": {"content-type": "text/plain"}}),
    "compressed body": Case(415, "invalid_request", options={"headers": {"content-encoding": "gzip"}}),
    "stored": Case(400, "invalid_request", body=chat(store=True), words=("store",)),
    "service tier": Case(400, "invalid_request", body=chat(service_tier="priority"), words=("service_tier",)),
    "background": Case(400, "invalid_request", body=chat(background=True), words=("background",)),
    "previous response": Case(400, "invalid_request", body=chat(previous_response_id="r"), words=("previous_resp",)),
    "conversation": Case(400, "invalid_request", body=chat(conversation="c"), words=("conversation",)),
    "hosted tool": Case(400, "invalid_request", body=chat(tools=[{"type": "web_search"}]), words=("tools",)),
    "max_tokens 0": Case(400, "invalid_request", body=chat(max_tokens=0), words=("max_tokens",)),
    "max_tokens negative": Case(400, "invalid_request", body=chat(max_tokens=-1), words=("max_tokens",)),
    "max_tokens true": Case(400, "invalid_request", body=chat(max_tokens=True), words=("max_tokens",)),
    "max_tokens 1.5": Case(400, "invalid_request", body=chat(max_completion_tokens=1.5), words=("max_completion",)),
    "n 0": Case(400, "invalid_request", body=chat(n=0), words=("n must", "128")),
    "n 129": Case(400, "invalid_request", body=chat(n=129), words=("n must",)),
}
RELAYED = {
    "upstream 400": Case(400, "upstream_error", body=chat("status:400"), relayed=True),
    "upstream 404": Case(404, "upstream_error", body=chat("status:404"), relayed=True),
    "upstream 413": Case(413, "upstream_error", body=chat("status:413"), relayed=True),
    "upstream 422": Case(422, "upstream_error", body=chat("status:422"), relayed=True),
    "upstream 401": Case(502, "upstream_error", body=chat("status:401")),
    "upstream 429": Case(429, "rate_limit_exceeded", body=chat("status:429:7")),
    "upstream 500": Case(502, "upstream_error", body=chat("status:500")),
    "HTML": Case(502, "upstream_error", body=chat("html")),
    "broken JSON": Case(502, "upstream_error", body=chat("broken"), streams=False),
    "an array": Case(502, "upstream_error", body=chat("array"), streams=False),
    "nothing": Case(502, "upstream_error", body=chat("empty"), streams=False),
    "cut before": Case(502, "upstream_error", body=chat("cut-before")),
    "cut in the middle": Case(502, "upstream_error", body=chat("cut"), streams=False),
    "redirect": Case(502, "upstream_error", body=chat("redirect")),
}
STREAMED = {name: case for name, case in RELAYED.items() if case.streams}


def check(case: Case, answer: Answer, house: House) -> None:
    assert answer.status == case.status, answer.body
    assert answer.headers["x-request-id"].startswith("req_")
    error = answer.json["error"]
    assert set(error) == {"message", "type", "param", "code"}
    if case.relayed:
        assert "secret-upstream-detail" in error["message"]  # its own words, for the client alone
    else:
        assert error["code"] == case.code
        assert "secret-upstream-detail" not in error["message"]
    for word in case.words:
        assert word in error["message"]
    assert house.spent() == 0 or house.free() == 0
    rows = house.rows()
    assert len(rows) == case.logged
    for row in rows:
        assert (row.kind, row.status, row.charge) == ("error", case.status, 0)
        assert row.code == case.code
        assert row.api_key == "laptop"
        assert row.address is None
        assert "secret-upstream-detail" not in row.reason
        assert answer.headers["x-request-id"] == request_id(row.pk)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_refusal_has_its_status_its_row_and_no_charge(house: House, case: Case) -> None:
    case.prepare(house)
    version.bump()
    check(case, house.run(lambda gate: gate.post(case.body, **case.options)), house)
    assert house.upstream.requests == []


@pytest.mark.parametrize("case", RELAYED.values(), ids=RELAYED.keys())
def test_what_an_upstream_refuses_costs_nothing(house: House, case: Case) -> None:
    check(case, house.run(lambda gate: gate.post(case.body)), house)


@pytest.mark.parametrize("case", STREAMED.values(), ids=STREAMED.keys())
def test_what_an_upstream_refuses_before_a_stream_begins_has_its_status(house: House, case: Case) -> None:
    check(case, house.run(lambda gate: gate.post(case.body | {"stream": True})), house)


@pytest.mark.req("H6")
def test_every_cause_of_a_401_has_the_same_body(house: House) -> None:
    disabled, secret = keys.mint(house.user, "old")
    keys.disable(disabled)
    expired, late = keys.mint(house.user, "late")
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))

    async def work(gate: Gate) -> set[bytes]:
        given = [None, "x", "sk-tg-x", UNKNOWN, secret, late, "sk-other", "é"]
        answers = [await gate.post(chat(), key=key) for key in given]
        answers.append(await gate.post(chat(), key=None, headers={"authorization": "Basic dTpw"}))
        assert {answer.status for answer in answers} == {401}
        return {answer.body for answer in answers}

    assert len(house.run(work)) == 1


@pytest.mark.req("M9")
def test_an_unpriced_model_never_leaves(house: House) -> None:
    house.serve("unpriced", price=False)
    answer = house.run(lambda gate: gate.post(chat("unpriced")))
    assert answer.code == "model_price_not_set"
    assert house.upstream.requests == []


def test_the_operator_can_forbid_accepting(house: House) -> None:
    preferences.save(house.user, accept_unpriced=True)
    house.serve("unpriced", price=False)
    policy = PricingPolicy.get_solo()
    policy.allow_unpriced = False
    policy.save()
    version.bump()
    answer = house.run(lambda gate: gate.post(chat("unpriced")))
    assert answer.status == 403
    assert "does not allow" in answer.message


def test_retry_after_is_the_rest_of_the_minute(house: House) -> None:
    change_group(rpm=0)(house)
    answer = house.run(lambda gate: gate.post(chat()))
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_upstream_429_tells_when_to_come_back(house: House) -> None:
    answer = house.run(lambda gate: gate.post(chat("status:429:7")))
    assert answer.headers["retry-after"] == "7"


def test_an_html_404_is_not_relayed(house: House) -> None:
    channel = Candidate(1, "main", "openai", "http://x", "m", "m")
    reason = problems.reason(relay.Answer(404, {"content-type": "text/html"}, channel))
    assert (reason.status, reason.code) == (502, "upstream_error")


def test_a_refusal_names_no_secret(house: House) -> None:
    async def work(gate: Gate) -> list[Answer]:
        return [await gate.post(chat("status:400")), await gate.post(b"{", key=house.secret)]

    for answer in house.run(work):
        assert house.secret.encode() not in answer.body
