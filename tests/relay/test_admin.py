"""Channels, keys and workers in Django admin."""

import json
import time

import pytest
from django.urls import reverse

from common import version
from gateway import channels, keys
from gateway.channels import Draft
from gateway.models import ApiKey, Channel, ChannelKey, Worker
from tests.second_factor import enroll, fresh_code

SECRET = "sk-abcdefghijklmnop"
CHANNELS = reverse("admin:gateway_channel_changelist")


@pytest.fixture
def staff(user, client):
    """The browser of an administrator who gave password and code just now."""
    user.is_staff = user.is_superuser = True
    user.save()
    enroll(user)
    client.post("/accounts/login/", {"login": "mei", "password": "correct horse battery"})
    client.post("/accounts/login/second-factor/", {"code": fresh_code(user)})
    return client


@pytest.fixture
def channel(db) -> Channel:
    Channel.objects.all().delete()
    draft = Draft("main", "http://127.0.0.1:9", {"a": "a", "b": "upstream-b"}, headers={"X-Secret": "hidden-header"})
    return channels.add(draft, secrets=[SECRET])


def change(channel: Channel) -> str:
    return reverse("admin:gateway_channel_change", args=[channel.pk])


def form(channel: Channel, **fields) -> dict[str, object]:
    """What the page would send back unchanged."""
    data = {name: getattr(channel, name) for name in ("name", "kind", "base_url", "bound_field", "priority", "weight")}
    data |= {
        name: getattr(channel, name)
        for name in ("connect_timeout", "first_byte_timeout", "gap_timeout", "total_timeout")
    }
    data |= {"headers": "", "forward": json.dumps(channel.forward), "allow": json.dumps(channel.allow), "enabled": "on"}
    for prefix, rows in (("routes", channel.routes.order_by("pk")), ("keys", channel.keys.order_by("pk"))):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": len(rows)}
        for index, row in enumerate(rows):
            data |= {f"{prefix}-{index}-id": row.pk, f"{prefix}-{index}-channel": channel.pk}
            names = ("model", "upstream_model") if prefix == "routes" else ("state",)
            data |= {f"{prefix}-{index}-{name}": getattr(row, name) for name in names}
    return {**data, **fields}


def test_no_page_shows_a_secret(staff, channel):
    for url in (CHANNELS, change(channel), f"{CHANNELS}?q=upstream"):
        page = staff.get(url).content.decode()
        assert SECRET not in page
        assert "hidden-header" not in page
        assert "mnop" in page or "q=" in url
    assert "X-Secret" in staff.get(change(channel)).content.decode()


def test_saving_a_page_unchanged_keeps_every_secret(staff, channel):
    before = version.current()
    answer = staff.post(change(channel), form(channel))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    channel.refresh_from_db()
    assert json.loads(channel.headers) == {"X-Secret": "hidden-header"}
    assert channel.keys.get().secret == SECRET
    assert version.current() > before


def test_a_secret_is_replaced_by_writing_another(staff, channel):
    channels.refuse(channel.keys.get().pk, status=401)
    staff.post(change(channel), form(channel, **{"keys-0-secret": " sk-new-secret-0123 ", "headers": "{}"}))
    key = channel.keys.get()
    assert (key.secret, key.suffix, key.state) == ("sk-new-secret-0123", "0123", ChannelKey.State.ACTIVE)
    assert (key.rest_until, key.last_error) == (None, "")
    channel.refresh_from_db()
    assert channel.headers == "{}"


def test_a_channel_is_made_with_its_models_and_keys(staff, channel):
    data = form(channel, name="second", base_url="http://127.0.0.1:9/")
    data = {name: value for name, value in data.items() if not name.endswith(("-id", "-channel"))}
    data |= {"routes-INITIAL_FORMS": 0, "keys-INITIAL_FORMS": 0, "keys-0-secret": "sk-second-012345678"}
    answer = staff.post(reverse("admin:gateway_channel_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    made = Channel.objects.get(name="second")
    assert made.base_url == "http://127.0.0.1:9/v1"
    assert sorted(route.model for route in made.routes.all()) == ["a", "b"]
    assert made.keys.get().suffix == "5678"


@pytest.mark.parametrize(
    "fields",
    [
        {"base_url": "http://user:pw@127.0.0.1"},
        {"base_url": "http://192.168.7.7"},
        {"base_url": ""},
        {"name": "  "},
        {"headers": "nonsense"},
        {"headers": "[1]"},
        {"headers": '{"X": 1}'},
        {"headers": '{"Host": "x"}'},
        {"forward": '"x"'},
        {"forward": "[1]"},
        {"allow": "{}"},
        {"gap_timeout": "0"},
        {"total_timeout": "-1"},
        {"connect_timeout": "nan"},
        {"connect_timeout": "1e9"},
        {"weight": "-1"},
        {"routes-0-model": "a b"},
        {"routes-0-upstream_model": "a b"},
        {"keys-0-secret": "two words"},
        {"routes-0-model": "b"},
    ],
)
def test_what_cannot_work_is_shown_again(staff, channel, fields):
    before = version.current()
    answer = staff.post(change(channel), form(channel, **fields))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert version.current() == before


def test_actions_switch_and_test_channels(staff, channel, upstream):
    Channel.objects.update(base_url=upstream.url)
    for action, enabled in (("disable", False), ("enable", True)):
        staff.post(CHANNELS, {"action": action, "_selected_action": [channel.pk]})
        channel.refresh_from_db()
        assert channel.enabled is enabled
    page = staff.post(CHANNELS, {"action": "test", "_selected_action": [channel.pk]}, follow=True).content.decode()
    assert "answered in" in page
    channel.routes.all().delete()
    page = staff.post(CHANNELS, {"action": "test", "_selected_action": [channel.pk]}, follow=True).content.decode()
    assert "serves no model" in page


def test_deleting_a_channel_tells_the_workers(staff, channel):
    before = version.current()
    staff.post(reverse("admin:gateway_channel_delete", args=[channel.pk]), {"post": "yes"})
    assert not Channel.objects.exists()
    assert version.current() > before


def test_the_list_of_channels_costs_the_same_for_any_number(staff, channel, django_assert_max_num_queries):
    for number in range(20):
        channels.add(Draft(f"c{number}", "http://127.0.0.1:9", {"m": "m"}), secrets=[SECRET])
    with django_assert_max_num_queries(12):
        assert staff.get(CHANNELS).status_code == 200


def test_a_key_is_switched_and_deleted_but_never_shown_or_made(staff, user):
    key, secret = keys.mint(user, "laptop")
    page = reverse("admin:gateway_apikey_change", args=[key.pk])
    content = staff.get(page).content.decode()
    assert key.hint in content
    assert key.digest not in content
    assert secret not in content
    staff.post(page, {"name": "other"})
    key.refresh_from_db()
    assert (key.enabled, key.name) == (False, "laptop")
    staff.post(page, {"enabled": "on"})
    key.refresh_from_db()
    assert key.enabled
    assert staff.get(reverse("admin:gateway_apikey_add")).status_code == 403
    assert staff.get(reverse("admin:gateway_apikey_changelist") + "?q=lap").status_code == 200
    staff.post(reverse("admin:gateway_apikey_delete", args=[key.pk]), {"post": "yes"})
    assert not ApiKey.objects.exists()


def test_workers_are_only_shown(staff):
    Worker.objects.create(id=3, token="t", started_at=time.time(), beat_at=time.time())
    assert staff.get(reverse("admin:gateway_worker_changelist")).status_code == 200
    page = staff.get(reverse("admin:gateway_worker_change", args=[3]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert staff.get(reverse("admin:gateway_worker_add")).status_code == 403
