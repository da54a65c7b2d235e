"""The gate's own manners: paths, methods, origins, sizes, deadlines, and what a fault looks like from outside."""

import asyncio
import json
import logging

import pytest

from gateway.http import ApiCall
from tests.gateway.client import CHAT, Answer, Gate, chat
from tests.gateway.conftest import House
from tests.gateway.malformed import MALFORMED, UNFIT

LIMIT = 100_000


def ask(house: House, method: str, path: str, **options) -> Answer:
    return house.run(lambda gate: gate.ask(method, path, **options))


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/chat", "/v1/chat/completions/x", "/v1//models"])
def test_unknown_paths_are_404_in_the_shape_of_the_api(house: House, path: str) -> None:
    answer = ask(house, "GET", path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", CHAT, "OPTIONS, POST"),
        ("PUT", CHAT, "OPTIONS, POST"),
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"),
        ("DELETE", "/v1/models/ok", "GET, HEAD, OPTIONS"),
        ("TRACE", "/v1/models", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_405_and_told_which_work(house: House, method: str, path: str, allow: str) -> None:
    answer = ask(house, method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_a_trailing_slash_is_forgiven(house: House) -> None:
    assert house.run(lambda gate: gate.post(chat(), path=f"{CHAT}/")).status == 200


def test_head_has_the_headers_and_no_body(house: House) -> None:
    answer = ask(house, "HEAD", "/v1/models")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_every_answer_is_signed_private_and_not_sniffed(house: House) -> None:
    async def work(gate: Gate) -> list[Answer]:
        return [
            await gate.post(chat()),
            await gate.post(b"{"),
            await gate.post(chat(), key=None),
            await gate.ask("GET", "/v1/nothing"),
            await gate.ask("GET", "/v1/models"),
            await gate.ask("OPTIONS", CHAT),
            await gate.ask("GET", "/healthz"),
            await gate.ask("GET", "/readyz"),
        ]

    answers = house.run(work)
    for answer in answers:
        assert answer.headers["x-request-id"].startswith("req_")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_it_answers_under_any_host(house: House) -> None:
    assert house.run(lambda gate: gate.post(chat(), headers={"host": "evil.example"})).status == 200


class TestOrigins:
    def test_any_page_may_call_by_default_and_never_with_credentials(self, house: House) -> None:
        answer = house.run(lambda gate: gate.post(chat(), headers={"origin": "https://app.example"}))
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "x-tollgate-charge-usd" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers

    def test_refusals_can_be_read_too(self, house: House) -> None:
        answer = house.run(lambda gate: gate.post(chat(), key=None, headers={"origin": "https://app.example"}))
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, "*")

    def test_named_origins_only(self, house: House, settings) -> None:
        settings.CORS_ORIGINS = ["https://app.example"]

        async def work(gate: Gate) -> list[Answer]:
            return [
                await gate.post(chat(), headers={"origin": origin})
                for origin in ("https://app.example", "https://evil.example", "null")
            ]

        good, *others = house.run(work)
        assert good.headers["access-control-allow-origin"] == "https://app.example"
        assert good.headers["vary"] == "Origin"
        for answer in others:
            assert "access-control-allow-origin" not in answer.headers

    def test_a_preflight_grants_what_sdks_send(self, house: House) -> None:
        asked = "authorization,content-type,X-Stainless-Lang,openai-beta,anthropic-version,x-evil"
        headers = {"origin": "https://app.example", "access-control-request-headers": asked}
        answer = ask(house, "OPTIONS", CHAT, key=None, headers=headers)
        assert (answer.status, answer.body) == (204, b"")
        allowed = answer.headers["access-control-allow-headers"].split(", ")
        assert {"authorization", "content-type", "x-stainless-lang", "openai-beta", "anthropic-version"} <= set(allowed)
        assert "x-evil" not in allowed
        assert "POST" in answer.headers["access-control-allow-methods"]

    def test_a_strange_origin_is_granted_nothing(self, house: House, settings) -> None:
        settings.CORS_ORIGINS = ["https://app.example"]
        answer = ask(house, "OPTIONS", CHAT, key=None, headers={"origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control")]


class TestBodies:
    @pytest.mark.req("N5")
    def test_an_announced_size_beyond_the_limit_is_refused_unread(self, house: House, settings) -> None:
        settings.BODY_LIMIT = LIMIT

        async def work(gate: Gate) -> tuple[Answer, int]:
            exchange = gate.open("POST", CHAT, headers={"content-length": str(LIMIT + 1)})
            exchange.put(b"{", more=True)
            return await exchange.start().end(), exchange.received

        answer, received = house.run(work)
        assert (answer.status, received) == (413, 0)

    @pytest.mark.req("N5")
    def test_a_body_is_counted_while_it_is_read(self, house: House, settings) -> None:
        settings.BODY_LIMIT = LIMIT

        async def work(gate: Gate) -> tuple[Answer, int]:
            exchange = gate.open("POST", CHAT)
            for _ in range(100):
                exchange.put(b"x" * 16_384, more=True)
            return await exchange.start().end(), exchange.received

        answer, received = house.run(work)
        assert answer.status == 413
        assert received <= LIMIT + 64 * 1024

    def test_a_body_that_drips_meets_the_deadline(self, house: House, settings) -> None:
        settings.BODY_DEADLINE = 0.1

        async def work(gate: Gate) -> Answer:
            exchange = gate.open("POST", CHAT)
            exchange.put(b"{", more=True)
            return await exchange.start().end()

        answer = house.run(work)
        assert answer.status == 400
        assert "within 0.1 seconds" in answer.message

    @pytest.mark.parametrize("key", [None, "nonsense", "sk-tg-" + "a" * 38])
    def test_a_key_is_refused_before_the_body_is_read(self, house: House, key: str | None) -> None:
        async def work(gate: Gate) -> tuple[Answer, int]:
            exchange = gate.open("POST", CHAT, key=key)
            exchange.put(b"x" * 1000, more=True)
            return await exchange.start().end(), exchange.received

        answer, received = house.run(work)
        assert (answer.status, received) == (401, 0)

    def test_a_body_in_pieces_is_one(self, house: House) -> None:
        async def work(gate: Gate) -> Answer:
            exchange = gate.open("POST", CHAT)
            for byte in json.dumps(chat()).encode():
                exchange.put(bytes([byte]), more=True)
            exchange.put(b"")
            return await exchange.start().end()

        assert house.run(work).status == 200

    @pytest.mark.req("N4")
    def test_nothing_malformed_leaves_or_fails(self, house: House) -> None:
        async def work(gate: Gate) -> None:
            for name, body in {**MALFORMED, **UNFIT}.items():
                answer = await gate.post(body)
                assert (answer.status, answer.code) == (400, "invalid_request"), name
                assert answer.message.endswith("."), name

        house.run(work)
        assert house.upstream.requests == []
        assert len(house.rows()) == len(MALFORMED) + len(UNFIT)
        assert house.spent() == 0

    @pytest.mark.req("N4")
    def test_malformed_bodies_do_no_harm_where_none_is_read(self, house: House) -> None:
        async def work(gate: Gate) -> None:
            for body in MALFORMED.values():
                exchange = gate.open("GET", "/v1/models")
                exchange.put(body)
                assert (await exchange.start().end()).status == 200

        house.run(work)

    @pytest.mark.parametrize(
        "media", ["", "application/json; charset=utf-8", "application/vnd.api+json", "APPLICATION/JSON"]
    )
    def test_json_by_any_name_is_read(self, house: House, media: str) -> None:
        answer = house.run(lambda gate: gate.post(chat(), headers={"content-type": media}))
        assert answer.status == 200, answer.body


class TestFaults:
    @pytest.mark.req("N10")
    def test_a_fault_is_generic_outside_and_logged_inside(self, house: House, monkeypatch, caplog) -> None:
        def broken(call: ApiCall) -> None:
            raise ZeroDivisionError("SELECT secret FROM /etc/passwd")

        monkeypatch.setattr("gateway.calls.order_of", broken)
        with caplog.at_level(logging.ERROR):
            answer = house.run(lambda gate: gate.post(chat()))
        assert (answer.status, answer.code) == (500, "internal_error")
        assert answer.headers["x-request-id"] in answer.message
        assert b"SELECT" not in answer.body
        assert b"Traceback" not in answer.body
        (record,) = [record for record in caplog.records if record.name == "gateway.handler"]
        assert answer.headers["x-request-id"] in record.getMessage()
        assert house.row().code == "internal_error"
        assert house.spent() == 0

    @pytest.mark.req("N10")
    def test_a_fault_in_the_middle_of_a_stream_is_an_event(self, house: House, monkeypatch) -> None:
        class Broken(Exception):
            pass

        async def broken(self, answer, *, reason="") -> int:
            raise Broken("internal detail")

        monkeypatch.setattr("gateway.stream.MeteredStream._pay", broken)
        answer = house.run(lambda gate: gate.post(chat(stream=True)))
        assert answer.documents[-1]["error"]["code"] == "internal_error"
        assert b"internal detail" not in answer.body
        assert house.row().estimated

    @pytest.mark.req("K3")
    def test_no_log_line_names_the_client_or_the_key(self, house: House, caplog) -> None:
        async def work(gate: Gate) -> None:
            for model in ("ok", "status:500", "status:401", "html", "nobody"):
                await gate.post(chat(model))

        with caplog.at_level(logging.DEBUG):
            house.run(work)
        assert "203.0.113.9" not in caplog.text
        assert house.secret not in caplog.text


class TestProbes:
    def test_alive_says_so_without_a_database(self, house: House) -> None:
        answer = ask(house, "GET", "/healthz", key=None)
        assert (answer.status, answer.json) == (200, {"status": "ok"})

    def test_ready_needs_a_usable_channel(self, house: House) -> None:
        assert ask(house, "GET", "/readyz", key=None).status == 200
        house.channel.routes.all().delete()
        answer = ask(house, "GET", "/readyz", key=None)
        assert (answer.status, answer.json) == (503, {"status": "unavailable"})

    def test_ready_needs_a_database(self, house: House, monkeypatch) -> None:
        def gone() -> int:
            raise ConnectionError("no route to host db.internal")

        async def work(gate: Gate) -> Answer:
            monkeypatch.setattr("common.version.current", gone)
            return await gate.ask("GET", "/readyz", key=None)

        answer = house.run(work)
        assert answer.status == 503
        assert b"internal" not in answer.body

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_probes_take_get_and_head_only(self, house: House, path: str) -> None:
        assert ask(house, "HEAD", path, key=None).body == b""
        assert ask(house, "POST", path, key=None).status == 405


def test_calls_do_not_mix(house: House) -> None:
    """Every one of many callers gets its own answer back."""

    async def work(gate: Gate) -> list[str]:
        async def one(number: int) -> str:
            answer = await gate.begin(chat(content=f"marker-{number}", stream=number % 3 == 0)).end()
            return answer.text if number % 3 == 0 else answer.json["choices"][0]["message"]["content"]

        said = await asyncio.gather(*(one(number) for number in range(60)))
        await gate.settled()
        return said

    assert house.run(work) == [f"marker-{number}" for number in range(60)]
    assert house.spent() == 60 * 140_000
