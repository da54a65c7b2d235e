"""A call from end to end: hold, relay, settle, answer."""

from tests.gateway.client import Gate, chat
from tests.gateway.conftest import House


def test_a_call_is_answered_charged_and_logged(house: House) -> None:
    async def work(gate: Gate):
        return await gate.post(chat(content="once upon a time"))

    answer = house.run(work)
    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["message"]["content"] == "once upon a time"
    # 100 in (40 cached at the same rate) at $1, 20 out at $2 per million
    assert answer.headers["x-tollgate-charge-usd"] == "0.00014"
    assert house.spent() == 140_000
    row = house.row()
    assert (row.kind, row.charge, row.input_tokens, row.output_tokens, row.cached_tokens) == (
        "ok",
        140_000,
        100,
        20,
        40,
    )
    assert row.model == "ok"
    assert row.address is None
    assert not row.estimated


def test_a_stream_costs_the_same(house: House) -> None:
    async def work(gate: Gate):
        return await gate.post(chat(content="once upon a time", stream=True))

    answer = house.run(work)
    assert answer.status == 200, answer.body
    assert answer.text == "once upon a time"
    assert answer.events[-1] == b"[DONE]"
    assert not any(document.get("usage") for document in answer.documents)
    assert house.spent() == 140_000
    assert house.row().stream
