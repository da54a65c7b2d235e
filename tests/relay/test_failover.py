"""Who is asked next, and what the client is told when nobody answers."""

import asyncio
import time
from dataclasses import replace

import pytest

from gateway import errors, relay
from gateway.health import health
from gateway.models import Channel, ChannelKey
from gateway.routing import Credential, Timeouts
from tests.relay.conftest import ask, candidate, order, run, spoken

NOWHERE = "http://127.0.0.1:9/v1"  # the discard port: nobody listens


def pair(upstream, other, model, **fields):
    """The same model on a channel that misbehaves and, with less priority, on one that works."""
    return candidate(upstream, model, priority=1, channel="first", **fields), candidate(
        other, channel_id=2, channel="second", credentials=(Credential(10**9, "sk-other"),)
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        "status:500",
        "status:503",
        "status:429",
        "status:408",
        "cut-before",
        "cut-headers",
        "html",
        "broken",
        "empty",
        "redirect",
    ],
)
def test_the_next_channel_is_asked(upstream, other, model, stream):
    answer, content = run(ask(order("still there", stream=stream), *pair(upstream, other, model)))
    assert (answer.candidate.channel, spoken(content)) == ("second", "still there")
    assert (len(upstream.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize("model", ["array", "cut"])
def test_a_whole_answer_that_is_spoiled_has_not_left_yet(upstream, other, model):
    answer, _ = run(ask(order(), *pair(upstream, other, model)))
    assert answer.candidate.channel == "second"


def test_a_stream_that_begins_with_an_error_is_no_answer(upstream, other):
    answer, _ = run(ask(order(stream=True), *pair(upstream, other, "error-event")))
    assert answer.candidate.channel == "second"


def test_a_stream_that_begins_is_never_begun_elsewhere(upstream, other):
    async def begin() -> None:
        answer = await relay.send(order("a b c d e f", stream=True), pair(upstream, other, "cut"))
        with pytest.raises(relay.Cut):
            await answer.read()

    run(begin())
    assert not other.requests


def test_a_connection_that_is_refused_goes_to_the_next(upstream, other):
    first, second = pair(upstream, other, "ok", base_url=NOWHERE)
    answer, _ = run(ask(order(), first, second))
    assert answer.candidate.channel == "second"


def test_a_connection_that_is_not_taken_up_goes_to_the_next(upstream, other, monkeypatch):
    """A full backlog: the handshake is never answered."""

    async def hang(*args: object, **kwargs: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("gateway.client.pool.aiohappyeyeballs.start_connection", hang)
    first, _ = pair(upstream, other, "ok", timeouts=Timeouts(connect=0.1, first_byte=5, gap=5, total=5))
    began = time.monotonic()
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), first))
    assert time.monotonic() - began < 2


def test_a_name_that_is_looked_up_for_long_goes_to_the_next(upstream, other, monkeypatch):
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", hang)
    monkeypatch.setattr("gateway.client.pool.RESOLVE_S", 0.1)
    named = replace(candidate(upstream, "ok", priority=1), base_url="http://slow.example/v1")
    began = time.monotonic()
    answer, _ = run(ask(order(), named, candidate(other, "ok", channel_id=2, channel="second")))
    assert answer.candidate.channel == "second"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("model", ["status:500", "cut-before", "html", "status:401", "redirect", "status:418"])
@pytest.mark.django_db(transaction=True)
def test_a_client_learns_nothing_of_the_upstreams_failure(upstream, model):
    with pytest.raises(errors.UpstreamFailed) as refusal:
        run(ask(order(), candidate(upstream, model)))
    assert (refusal.value.status, refusal.value.code) == (502, "upstream_error")
    assert "upstream says" not in refusal.value.message
    assert "127.0.0.1" not in refusal.value.message


def test_a_rate_limit_everywhere_is_passed_on_with_the_shortest_pause(upstream, other):
    first, _ = pair(upstream, other, "status:429:30")
    second = candidate(other, "status:429:7", channel_id=2, credentials=(Credential(2, "k"),))
    with pytest.raises(errors.RateLimited) as refusal:
        run(ask(order(), first, second))
    assert refusal.value.headers == {"Retry-After": "7"}


@pytest.mark.parametrize(
    ("given", "told"), [("", "5"), (":0", "1"), (":soon", "5"), (":Wed, 21 Oct 2015 07:28:00 GMT", "1")]
)
def test_a_rate_limit_always_names_a_pause(upstream, given, told):
    with pytest.raises(errors.RateLimited) as refusal:
        run(ask(order(), candidate(upstream, f"status:429{given}")))
    assert refusal.value.headers == {"Retry-After": told}


def test_a_rate_limit_beside_a_failure_is_a_failure(upstream, other):
    first, _ = pair(upstream, other, "status:429:30")
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), first, candidate(other, "status:500", channel_id=2)))


def test_another_key_of_the_channel_is_asked_before_another_channel(upstream, other):
    upstream.behavior = "status:429:1"
    first, second = pair(upstream, other, "ok", credentials=(Credential(1, "sk-one"), Credential(3, "sk-two")))
    answer, _ = run(ask(order(), first, second))
    assert answer.candidate.channel == "second"
    assert {seen.headers["authorization"] for seen in upstream.requests} == {"Bearer sk-one", "Bearer sk-two"}


def test_a_broken_channel_is_not_tried_with_each_of_its_keys(upstream, other):
    keys = tuple(Credential(number, f"sk-{number}") for number in range(10, 20))
    first, second = pair(upstream, other, "status:500", credentials=keys)
    run(ask(order(), first, second))
    assert len(upstream.requests) == 1


def test_a_channel_that_failed_is_asked_last_until_its_pause_is_over(upstream, other):
    first, second = pair(upstream, other, "status:500")

    async def calls() -> None:
        for _ in range(3):
            await ask(order(), first, second)

    run(calls())
    assert (len(upstream.requests), len(other.requests)) == (1, 3)
    health.channels[1].until = time.monotonic()
    upstream.behavior = "ok"
    answer, _ = run(ask(order(), first, second))
    assert answer.candidate.channel == "first"
    assert 1 not in health.channels


def test_pauses_grow_with_each_failure_up_to_a_minute():
    pauses = []
    for _ in range(40):
        health.failed(1)
        pauses.append(round(health.channels[1].until - time.monotonic()))
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert max(pauses) == 60


def test_a_resting_channel_that_is_the_only_one_is_still_asked(upstream):
    health.failed(1)
    answer, _ = run(ask(order(), candidate(upstream)))
    assert answer.status == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "for_good"), [(401, True), (402, False), (403, False)])
def test_a_refused_key_rests_at_once_and_for_every_process(upstream, other, status, for_good, caplog):
    channel = Channel.objects.create(name="first", base_url=upstream.url)
    key = ChannelKey.objects.create(channel=channel, secret="sk-upstream-secret", suffix="cret")
    first, second = pair(upstream, other, f"status:{status}", credentials=(Credential(key.pk, "sk-upstream-secret"),))

    async def twice() -> None:
        for _ in range(2):
            answer, _ = await ask(order(), first, second)
            assert answer.candidate.channel == "second"

    run(twice())
    key.refresh_from_db()
    assert len(upstream.requests) == 1
    assert key.state == ChannelKey.State.REFUSED
    assert key.last_error == f"The upstream answered {status}."
    assert (key.rest_until is None) is for_good
    assert "sk-upstream-secret" not in caplog.text
    assert "…cret" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_model_whose_every_key_is_refused_has_no_channel(upstream):
    async def twice() -> None:
        with pytest.raises(errors.UpstreamFailed):
            await ask(order(), candidate(upstream, "status:401"))
        with pytest.raises(errors.NoChannel) as refusal:
            await ask(order(), candidate(upstream, "status:401"))
        assert (refusal.value.status, refusal.value.code) == (503, "no_channel")

    run(twice())


def test_a_model_without_candidates_has_no_channel():
    with pytest.raises(errors.NoChannel):
        run(ask(order()))


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_rest_is_over_comes_back_by_answering(upstream):
    channel = Channel.objects.create(name="first", base_url=upstream.url)
    key = ChannelKey.objects.create(channel=channel, secret="sk", state=ChannelKey.State.REFUSED)
    resting = Credential(key.pk, "sk", rests_until=time.time() + 60)
    rested = Credential(key.pk, "sk", rests_until=time.time() - 1)
    with pytest.raises(errors.NoChannel):
        run(ask(order(), candidate(upstream, credentials=(resting,))))
    run(ask(order(), candidate(upstream, credentials=(rested,))))
    key.refresh_from_db()
    assert key.state == ChannelKey.State.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_a_keyless_upstream_that_refuses_only_rests(upstream):
    with pytest.raises(errors.UpstreamFailed):
        run(ask(order(), candidate(upstream, "status:401", credentials=())))
    assert 1 in health.channels
    answer, _ = run(ask(order(), candidate(upstream, credentials=())))
    assert answer.status == 200
