"""What one exchange gives, and what it never gives away."""

import asyncio
import random

import orjson
import pytest

from gateway import errors, relay
from gateway.exchange import PIECE
from gateway.routing import Credential
from tests.peers.upstream import Upstream
from tests.relay.conftest import ask, candidate, fixed, order, run, spoken


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["ok", "odd", "crlf", "comments", "gzip", "no-usage", "usage-null", "cost:0.1"])
def test_an_answer_arrives(upstream, model, stream):
    answer, content = run(ask(order("every word of it", stream=stream), candidate(upstream, model)))
    assert (answer.status, answer.bounded) == (200, True)
    assert spoken(content) == "every word of it"
    assert answer.headers["content-type"].startswith("text/event-stream" if stream else "application/json")
    assert set(answer.headers) == {"content-type"}


def test_a_whole_answer_is_parsed_once_for_whoever_needs_it(upstream):
    answer, content = run(ask(order(), candidate(upstream)))
    assert answer.document == orjson.loads(content)


def test_the_body_is_sent_as_it_was_built(upstream):
    sent = b'{"model":"ok",  "messages":[{"role":"user","content":"h\\u0069"}], "x":1.0}'
    run(ask(fixed(sent), candidate(upstream)))
    assert upstream.last.body == sent


def test_a_body_of_many_megabytes_is_sent(upstream):
    sent = orjson.dumps({"model": "ok", "messages": [{"role": "user", "content": "x" * 5_000_000}]})
    _, content = run(ask(fixed(sent), candidate(upstream)))
    assert upstream.last.body == sent
    assert len(spoken(content)) == 5_000_000


@pytest.mark.parametrize("stream", [False, True])
def test_big_answers_come_in_small_pieces(upstream, stream):
    async def pieces() -> list[bytes]:
        answer = await relay.send(order("x" * 300_000, stream=stream), [candidate(upstream, "big:200")])
        return [piece async for piece in answer.chunks()]

    found = run(pieces())
    assert max(map(len, found)) <= PIECE
    assert len(spoken(b"".join(found))) >= 300_000


def test_nothing_of_the_client_reaches_the_upstream(upstream):
    client = {
        "authorization": "Bearer sk-tg-client",
        "x-api-key": "sk-tg-client",
        "cookie": "session=1",
        "user-agent": "client/1.0",
        "x-forwarded-for": "203.0.113.9",
        "x-real-ip": "203.0.113.9",
        "forwarded": "for=203.0.113.9",
        "content-type": "application/json; charset=utf-8",
        "openai-beta": "assistants=v2",
        "idempotency-key": "once",
        "x-session": "abc",
        "x-other": "no",
    }
    listed = ("x-session", *client)
    run(ask(order(headers=client), candidate(upstream, forward=("x-session",))))
    plain = upstream.last.headers
    run(ask(order(headers=client), candidate(upstream, forward=listed)))
    for seen in (plain, upstream.last.headers):
        assert seen["authorization"] == "Bearer sk-upstream-secret"
        assert seen["content-type"] == "application/json; charset=utf-8"
        assert (seen["openai-beta"], seen["idempotency-key"], seen["x-session"]) == ("assistants=v2", "once", "abc")
        assert seen["user-agent"] == "Tollgate"
        assert not {"cookie", "x-api-key", "x-forwarded-for", "x-real-ip", "forwarded"} & set(seen)
        assert "203.0.113.9" not in str(seen)
    assert "x-other" not in plain


def test_a_channel_adds_headers_of_its_own(upstream):
    run(ask(order(), candidate(upstream, headers=(("X-Title", "Tollgate"), ("api-key", "azure")))))
    assert (upstream.last.headers["x-title"], upstream.last.headers["api-key"]) == ("Tollgate", "azure")


def test_a_channel_without_keys_sends_none(upstream):
    run(ask(order(), candidate(upstream, credentials=())))
    assert "authorization" not in upstream.last.headers


def test_cookies_of_the_upstream_are_forgotten(upstream):
    async def twice() -> None:
        for _ in range(2):
            answer, _ = await ask(order(), candidate(upstream))
            assert "set-cookie" not in answer.headers

    run(twice())
    assert "cookie" not in upstream.last.headers


@pytest.mark.req("J6")
def test_proxies_and_passwords_of_the_environment_are_ignored(upstream, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    run(ask(order(), candidate(upstream, credentials=())))
    assert "authorization" not in upstream.last.headers


@pytest.mark.parametrize("status", [400, 404, 413, 422])
@pytest.mark.parametrize("stream", [False, True])
def test_what_the_client_did_wrong_is_told_in_the_upstreams_words(upstream, other, status, stream):
    second = candidate(other, f"status:{status}", channel_id=2)
    answer, content = run(ask(order(stream=stream), candidate(upstream, f"status:{status}", priority=1), second))
    assert answer.status == status
    assert orjson.loads(content)["error"]["message"].startswith(f"The upstream says {status}")
    assert not other.requests


def test_a_400_that_names_the_bound_field_is_retried_once_without_it(upstream):
    answer, content = run(ask(order("again"), candidate(upstream, "bound-400")))
    assert (answer.status, answer.bounded, spoken(content)) == (200, False, "again")
    assert [seen.json.get("max_tokens") for seen in upstream.requests] == [20, None]


def test_a_400_about_something_else_is_not_retried(upstream):
    answer, _ = run(ask(order(), candidate(upstream, "status:400")))
    assert (answer.status, len(upstream.requests)) == (400, 1)


def test_a_400_that_names_the_field_where_the_body_has_none_is_not_retried(upstream):
    sent = orjson.dumps({"model": "bound-400", "max_tokens": 5, "messages": []})
    answer, _ = run(ask(fixed(sent), candidate(upstream)))
    assert (answer.status, len(upstream.requests)) == (400, 1)


@pytest.mark.req("J7")
def test_a_certificate_nobody_vouches_for_is_refused():
    with Upstream(tls=True) as impostor:
        with pytest.raises(errors.UpstreamFailed):
            run(ask(order(), candidate(impostor)))
        assert not impostor.requests


@pytest.mark.req("J3")
def test_redirects_are_not_followed(upstream):
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), candidate(upstream, "redirect")))
    assert [seen.path for seen in upstream.requests] == ["/v1/chat/completions"]


def test_bytes_are_never_changed(upstream):
    """200 seeded streams of odd words, torn at odd places, come out as they went in."""
    rng = random.Random(7)
    alphabet = ["word", "中文", "\n", '"', "\\", "data: [DONE]", "\u2028", "🙂", "<html>", "\x7f", " ", "é" * 40]

    async def compare() -> None:
        for turn in range(200):
            text = " ".join(rng.choices(alphabet, k=rng.randint(1, 60)))
            model = rng.choice(["ok", "odd", "crlf", "comments", "gzip", "usage-running"])
            stream = turn % 2 == 0
            _, content = await ask(order(text, stream=stream), candidate(upstream, model))
            assert spoken(content) == text
            pieces = (
                upstream._stream(upstream.last.json, model, "")
                if stream
                else [upstream._whole(upstream.last.json, model, "")]
            )
            assert content == b"".join(pieces)

    run(compare())


@pytest.mark.parametrize("stream", [False, True])
def test_64_parallel_callers_get_their_own_answers(upstream, stream):
    async def caller(number: int) -> None:
        for turn in range(5):
            marker = f"caller {number} turn {turn}"
            _, content = await ask(order(marker, stream=stream), candidate(upstream, "odd" if turn % 2 else "ok"))
            assert spoken(content) == marker

    async def crowd() -> None:
        await asyncio.gather(*(caller(number) for number in range(64)))

    run(crowd())
    assert len(upstream.requests) == 320


@pytest.mark.req("J1")
def test_a_private_upstream_is_not_reached_unless_allowed(upstream, settings):
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), candidate(upstream)))
    assert not upstream.requests


def test_secrets_stay_out_of_logs_and_representations(upstream, caplog):
    target = candidate(upstream, "status:500", credentials=(Credential(1, "sk-upstream-secret"),))
    with pytest.raises(errors.UpstreamFailed) as refusal:
        run(ask(order(headers={"authorization": "Bearer sk-tg-client"}), target))
    for text in (caplog.text, repr(target), str(refusal.value), refusal.value.message):
        assert "sk-upstream-secret" not in text
        assert "sk-tg-client" not in text
        assert "secret-upstream-detail" not in text
