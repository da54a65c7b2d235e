"""The verbs of channels: read, add, switch, refuse, recover, probe."""

import json
import math
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Group
from common import version
from gateway import channels, probe
from gateway.channel_rules import InvalidChannel
from gateway.channels import Draft
from gateway.health import health
from gateway.models import Channel, ChannelKey, Route

pytestmark = pytest.mark.django_db

SECRET = "sk-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def _no_channels(db):
    Channel.objects.all().delete()


def draft(**fields) -> Draft:
    return Draft(
        **{"name": "main", "base_url": "http://127.0.0.1:9", "models": {"a": "a", "b": "upstream-b"}, **fields}
    )


def test_what_is_added_is_loaded():
    group = Group.objects.create(name="gold")
    before = version.current()
    channel = channels.add(draft(priority=3, weight=7, headers={"X-Title": "T"}), secrets=[SECRET, "second"])
    channel.groups.add(group)
    Channel.objects.update(forward=["X-Session"], allow=["store"], connect_timeout=1.5)
    loaded = channels.load()
    assert set(loaded) == {"a", "b"}
    [found] = loaded["b"]
    assert (found.channel_id, found.channel, found.kind) == (channel.pk, "main", "openai")
    assert (found.base_url, found.model, found.upstream_model) == ("http://127.0.0.1:9/v1", "b", "upstream-b")
    assert (found.priority, found.weight, found.bound_field) == (3, 7, "max_tokens")
    assert [key.secret for key in found.credentials] == [SECRET, "second"]
    assert all(key.rests_until == 0 for key in found.credentials)
    assert found.headers == (("X-Title", "T"),)
    assert (found.forward, set(found.allow), set(found.groups)) == (("x-session",), {"store"}, {group.pk})
    assert (found.timeouts.connect, found.timeouts.total) == (1.5, 3600)
    assert version.current() > before


def test_higher_priority_is_loaded_first_and_disabled_channels_not_at_all():
    for name, priority in (("low", -1), ("high", 9), ("middle", 0), ("off", 10)):
        channels.add(draft(name=name, priority=priority))
    channels.disable(channels.find("off"))
    assert [found.channel for found in channels.load()["a"]] == ["high", "middle", "low"]


def test_loading_costs_the_same_few_queries_for_any_number_of_channels(django_assert_num_queries):
    for number in range(5):
        channels.add(draft(name=f"c{number}"), secrets=[SECRET])
    with django_assert_num_queries(4):
        channels.load()


def test_secrets_are_encrypted_and_known_by_their_end():
    channels.add(draft(headers={"X-Secret": "hidden-header"}), secrets=[SECRET, "short"])
    long, short = ChannelKey.objects.order_by("pk")
    assert (long.suffix, short.suffix) == ("mnop", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT headers, secret FROM gateway_channel c JOIN gateway_channelkey k ON k.channel_id = c.id")
        stored = str(cursor.fetchall())
    assert "hidden-header" not in stored
    assert SECRET not in stored


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9/v1"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/v1"),
        (" http://127.0.0.1:9/v1/ ", "http://127.0.0.1:9/v1"),
        ("http://127.0.0.1:9/api/v1", "http://127.0.0.1:9/api/v1"),
        ("http://127.0.0.1:9/v1beta/openai/", "http://127.0.0.1:9/v1beta/openai"),
        ("http://127.0.0.1:9/v1/chat/completions", "http://127.0.0.1:9/v1"),
    ],
)
def test_a_base_url_comes_with_or_without_its_version(given, stored):
    assert channels.add(draft(base_url=given)).base_url == stored


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base_url": "ftp://example.com"}, "http"),
        ({"base_url": "http://user:pw@127.0.0.1/"}, "user"),
        ({"base_url": "http://127.0.0.1/?key=1"}, "query"),
        ({"base_url": "http://127.0.0.1/" + "x" * 300}, "too long"),
        ({"models": {}}, "model"),
        ({"models": {"": ""}}, "model"),
        ({"models": {"a b": "a"}}, "model"),
        ({"models": {"a": ""}}, "model"),
        ({"models": {"a" * 201: "a"}}, "model"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"headers": {"X Y": "1"}}, "header"),
        ({"headers": {"X-Y": "1\r\nEvil: 1"}}, "header"),
        ({"headers": {"X-Y": "é"}}, "header"),
        ({"headers": {"Host": "x"}}, "Host"),
        ({"headers": {"content-length": "1"}}, "content-length"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(fields, words):
    with pytest.raises(InvalidChannel, match=words):
        channels.add(draft(**fields))
    assert not Channel.objects.exists()


@pytest.mark.parametrize("secret", ["", "  ", "two words", "línea", "a\nb", "x" * 4001])
def test_a_key_that_no_header_can_carry_is_refused(secret):
    with pytest.raises(InvalidChannel):
        channels.add(draft(), secrets=[secret])
    assert not ChannelKey.objects.exists()


def test_a_name_or_key_is_taken_once():
    channel = channels.add(draft(), secrets=[SECRET])
    with pytest.raises(InvalidChannel, match="already"):
        channels.add(draft())
    with pytest.raises(InvalidChannel, match="already"):
        channels.add_key(channel, f" {SECRET}\n")
    assert channel.keys.count() == 1


@pytest.mark.req("J8")
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://localhost:11434", "http://192.168.1.5/v1", "http://[::1]/"]
)
def test_a_private_upstream_needs_the_operators_leave(settings, url):
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(InvalidChannel, match="TOLLGATE_OUTBOUND_ALLOW"):
        channels.add(draft(base_url=url))


def test_a_key_refused_for_good_is_loaded_as_resting_and_brought_back_by_enabling():
    channel = channels.add(draft(), secrets=[SECRET])
    key = channel.keys.get()
    before = version.current()
    channels.refuse(key.pk, status=401)
    assert version.current() > before
    assert channels.load()["a"][0].credentials[0].rests_until == math.inf
    channels.enable(channel)
    key.refresh_from_db()
    assert (key.state, key.rest_until, key.last_error) == (ChannelKey.State.ACTIVE, None, "")


@pytest.mark.parametrize("status", [402, 403])
def test_a_key_refused_for_a_while_is_loaded_with_its_time(status):
    key = channels.add(draft(), secrets=[SECRET]).keys.get()
    channels.refuse(key.pk, status=status)
    until = channels.load()["a"][0].credentials[0].rests_until
    assert timezone.now().timestamp() < until <= (timezone.now() + timedelta(minutes=10)).timestamp()
    channels.recover(key.pk)
    assert channels.load()["a"][0].credentials[0].rests_until == 0


def test_recovering_a_key_that_is_well_changes_nothing():
    key = channels.add(draft(), secrets=[SECRET]).keys.get()
    before = version.current()
    channels.recover(key.pk)
    channels.refuse(10**9, status=401)
    assert version.current() == before


def test_loading_forgets_what_this_process_thought_of_keys():
    health.refused.add(5)
    channels.load()
    assert not health.refused


def test_an_unknown_name_is_told():
    with pytest.raises(channels.UnknownChannel, match="nope"):
        channels.find("nope")


def test_a_probe_says_what_is_wrong_with_each_key(upstream):
    channel = channels.add(draft(base_url=upstream.url, models={"m": "ok"}), secrets=[SECRET, "sk-1234567890123456"])
    results = probe.test(channel)
    assert [(result.key, result.works) for result in results] == [("mnop", True), ("3456", True)]
    assert "answered in" in results[0].words
    assert upstream.last.json["model"] == "ok"
    for behavior, words in {
        "status:401": "refuses the key",
        "status:429": "rate limit",
        "status:404": "base URL",
        "status:422": "did not take",
        "status:500": "status 500",
        "html": "no JSON",
    }.items():
        upstream.behavior = behavior
        assert all(words in result.words and not result.works for result in probe.test(channel))
    upstream.behavior = "bound-400"
    assert all(result.works for result in probe.test(channel))


def test_a_probe_brings_keys_back_and_lets_them_rest(upstream):
    channel = channels.add(draft(base_url=upstream.url, models={"m": "m"}), secrets=[SECRET])
    upstream.behavior = "status:401"
    probe.test(channel)
    assert channel.keys.get().state == ChannelKey.State.REFUSED
    upstream.behavior = "ok"
    probe.test(channel)
    assert channel.keys.get().state == ChannelKey.State.ACTIVE


def test_a_probe_of_a_private_address_names_the_setting(upstream, settings):
    channel = channels.add(draft(base_url=upstream.url))
    settings.OUTBOUND_ALLOW = []
    [result] = probe.test(channel)
    assert "TOLLGATE_OUTBOUND_ALLOW" in result.words
    assert not upstream.requests


def test_a_probe_that_hears_nothing_ends(upstream, monkeypatch):
    monkeypatch.setattr(probe, "PATIENCE", 0.2)
    channel = channels.add(draft(base_url=upstream.url, models={"m": "slow:5"}))
    [result] = probe.test(channel)
    assert "No answer within" in result.words


def test_a_channel_without_models_cannot_be_probed():
    channel = channels.add(draft())
    Route.objects.all().delete()
    with pytest.raises(InvalidChannel):
        probe.test(channel)


def test_headers_are_stored_as_an_object():
    assert json.loads(channels.add(draft()).headers) == {}
