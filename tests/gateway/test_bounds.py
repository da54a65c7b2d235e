"""How long an answer may be: what the client says, what the wallet pays for, and what the upstream is told."""

from typing import Any

import pytest

from accounts.models import Group
from common import version
from common.money import NANO
from gateway import relay
from gateway.models import Channel
from pricing.models import Price
from tests.gateway.client import Answer, Gate, chat
from tests.gateway.conftest import House
from wallet import ledger


def ask(house: House, **fields) -> Answer:
    return house.run(lambda gate: gate.post(chat(**fields)))


def told(house: House) -> dict[str, int]:
    fields = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    return {name: house.upstream.last.json[name] for name in fields if name in house.upstream.last.json}


def leave(house: House, nano: int) -> None:
    ledger.debit(house.user.pk, 100 * NANO - nano, reference="out")


def reprice(**values) -> None:
    Price.objects.update(**values)
    version.bump()


def test_the_models_own_limit_is_nothing_to_tell(house: House) -> None:
    answer = ask(house)
    assert told(house) == {}
    assert "x-tollgate-max-output" not in answer.headers


@pytest.mark.parametrize("streamed", [False, True])
def test_a_lower_bound_is_told_to_upstream_and_client(house: House, *, streamed) -> None:
    reprice(max_output=100_000, output=1000 * NANO)
    answer = ask(house, stream=streamed)
    assert told(house) == {"max_tokens": 16_384}
    assert answer.headers["x-tollgate-max-output"] == "16384"


def test_a_model_without_limits_is_always_told(house: House) -> None:
    reprice(max_output=None, context=None)
    assert ask(house).status == 200
    assert told(house) == {"max_tokens": 131_072}


def test_the_channel_names_the_field(house: House) -> None:
    Channel.objects.update(bound_field="max_completion_tokens")
    reprice(max_output=None, context=None)
    ask(house)
    assert told(house) == {"max_completion_tokens": 131_072}


def test_a_channel_may_have_no_field(house: House) -> None:
    Channel.objects.update(bound_field="none")
    reprice(max_output=None, context=None)
    answer = ask(house)
    assert told(house) == {}
    assert "x-tollgate-max-output" not in answer.headers


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_clients_own_maximum_stays_where_it_was(house: House, field: str) -> None:
    reprice(max_output=None, context=None)
    answer = ask(house, **{field: 50})
    assert told(house) == {field: 50}
    assert "x-tollgate-max-output" not in answer.headers


def test_a_huge_maximum_is_held_for_as_much_as_the_model_can_say(house: House) -> None:
    answer = ask(house, max_tokens=999_999_999)
    assert answer.status == 200
    assert told(house) == {"max_tokens": 999_999_999}  # the model itself knows better


def test_a_huge_maximum_of_a_model_without_limits_is_clamped(house: House) -> None:
    reprice(max_output=None, context=None)
    answer = ask(house, max_tokens=2**62)
    assert told(house) == {"max_tokens": 131_072}
    assert answer.headers["x-tollgate-max-output"] == "131072"


def test_a_clients_maximum_is_never_shrunk_for_lack_of_money(house: House) -> None:
    leave(house, 1_000_000)
    assert ask(house, max_tokens=4000).status == 402
    assert ask(house, max_tokens=400).status == 200


def test_copies_are_all_paid_for(house: House) -> None:
    leave(house, 1_000_000)
    assert ask(house, max_tokens=400, n=4).status == 402


def test_what_can_be_paid_is_the_bound(house: House) -> None:
    leave(house, 1_000_000)
    answer = ask(house)
    assert answer.status == 200
    bound = told(house)["max_tokens"]
    assert 256 <= bound < 500  # $0.001 at $2 per million, less the prompt
    assert answer.headers["x-tollgate-max-output"] == str(bound)


def test_too_little_for_an_answer_worth_having_is_refused(house: House) -> None:
    leave(house, 200_000)
    answer = ask(house)
    assert (answer.status, answer.code) == (402, "insufficient_quota")
    assert house.upstream.requests == []


def test_an_upstream_that_refuses_the_field_is_asked_once_more_without(house: House) -> None:
    reprice(max_output=None, context=None)
    answer = ask(house, model="bound-400")
    assert answer.status == 200
    assert [("max_tokens" in request.json) for request in house.upstream.requests] == [True, False]
    assert "x-tollgate-max-output" not in answer.headers


def test_the_clients_own_field_is_not_taken_away(house: House) -> None:
    answer = ask(house, model="bound-400", max_tokens=50)
    assert answer.status == 400
    assert len(house.upstream.requests) == 1


def test_usage_beyond_the_bound_is_not_believed(house: House) -> None:
    house.upstream.usage = {"prompt_tokens": 100, "completion_tokens": 51, "total_tokens": 151}
    house.upstream.behavior = "ok"

    async def work(gate: Gate) -> Answer:
        return await gate.post(chat("ok", max_completion_tokens=50))

    assert house.run(work).status == 200
    assert house.row().output_tokens <= 50


def test_the_minutes_tokens_bound_a_long_winded_model(house: House) -> None:
    Group.objects.update(tpm=2000)
    reprice(max_output=100_000)
    assert ask(house).status == 200
    assert told(house)["max_tokens"] < 2000


def test_unknown_fields_and_odd_bytes_pass_as_they_are(house: House) -> None:
    body = (
        b'{ "x_future":{"a":[1.50,1e2,"\\u00e9"]},\r\n "model" : "ok","messages":'
        b'[{"role":"user","content":"caf\xc3\xa9"}] }'
    )
    house.run(lambda gate: gate.post(body))
    assert house.upstream.last.body == body


def test_only_content_headers_reach_the_upstream(house: House) -> None:
    sent = {
        "openai-beta": "assistants=v2",
        "idempotency-key": "abc",
        "cookie": "session=1",
        "user-agent": "client/1",
        "x-forwarded-for": "203.0.113.9",
        "x-stainless-lang": "python",
        "referer": "https://client.example",
    }
    house.run(lambda gate: gate.post(chat(), headers=sent))
    seen = house.upstream.last.headers
    assert (seen["openai-beta"], seen["idempotency-key"]) == ("assistants=v2", "abc")
    assert not {"cookie", "x-forwarded-for", "x-stainless-lang", "referer", "authorization"} & set(seen)
    assert seen["user-agent"] == "Tollgate"
    assert house.secret not in str(seen)


@pytest.mark.parametrize(
    ("fields", "headers", "hint"),
    [
        ({"prompt_cache_key": "k"}, {"session_id": "s"}, "k"),
        ({}, {"session_id": "s"}, "s"),
        ({"metadata": {"user_id": "u"}}, {"x-session-id": "s"}, "s"),
        ({"metadata": {"user_id": "u"}}, {}, "u"),
        ({}, {}, "tell me a story"),
    ],
)
def test_a_session_stays_together(
    house: House, monkeypatch, fields: dict[str, Any], headers: dict[str, str], hint: str
) -> None:
    hints: list[str] = []
    send = relay.send

    async def noting(order, candidates):
        hints.append(order.hint)
        return await send(order, candidates)

    monkeypatch.setattr("gateway.relay.send", noting)
    house.run(lambda gate: gate.post(chat(**fields), headers=headers))
    assert hints == [hint]
