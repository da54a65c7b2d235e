"""API keys, made and changed by programs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common import secretkeys, version
from common.money import NANO
from gateway import keys
from gateway.models import ApiKey
from tests.api.conftest import error, program

FIELDS = {
    *("id", "name", "hint", "class", "status", "limit_usd", "period", "spent_usd", "models", "subnets"),
    *("expires_at", "last_used_at", "created_at"),
}


def test_a_key_is_made_and_its_secret_told_once(user, api):
    ends = (timezone.now() + timedelta(days=9)).isoformat()
    rules = {"limit_usd": "12.5", "period": "day", "models": ["small"], "subnets": ["203.0.113.7"], "expires_at": ends}
    made = api.post("/keys", {"name": "laptop", **rules})
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    body = made.json()
    assert set(body) == FIELDS | {"key"}
    stored = ApiKey.objects.get()
    assert stored.digest == secretkeys.digest(body["key"])
    assert (stored.user, stored.limit, stored.period) == (user, 12_500_000_000, "day")
    assert (stored.allowed_models, stored.subnets) == (["small"], ["203.0.113.7/32"])
    assert body["limit_usd"] == "12.50"
    assert body["expires_at"]
    shown = api.get(f"/keys/{body['id']}").json()
    assert shown == {name: value for name, value in body.items() if name != "key"}


@pytest.mark.req("H3")
def test_a_secret_is_never_told_again(api):
    made = api.post("/keys", {"name": "laptop"}).json()
    answers = [api.get("/keys"), api.get(f"/keys/{made['id']}"), api.patch(f"/keys/{made['id']}", {"name": "desk"})]
    assert [made["key"][6:-4] in answer.content.decode() for answer in answers] == [False] * 3


def test_a_name_is_all_that_a_key_needs(api):
    body = api.post("/keys", {"name": "laptop"}).json()
    assert (body["limit_usd"], body["period"], body["models"], body["expires_at"]) == (None, "month", [], None)


def test_keys_are_listed_newest_first(user, api):
    keys.mint(user, "first")
    keys.mint(user, "second", limit=NANO)
    body = api.get("/keys").json()
    assert [key["name"] for key in body["items"]] == ["second", "first"]
    assert body["next"] is None
    assert set(body["items"][0]) == FIELDS
    assert (body["items"][0]["limit_usd"], body["items"][0]["spent_usd"]) == ("1.00", "0.00")


def test_a_change_touches_what_it_names_and_nothing_else(user, api):
    key, _ = keys.mint(user, "laptop", limit=NANO, allowed_models=["small"], subnets=["203.0.113.0/24"])
    before = version.current()
    body = api.patch(f"/keys/{key.pk}", {"limit_usd": None}).json()
    assert (body["limit_usd"], body["models"], body["subnets"]) == (None, ["small"], ["203.0.113.0/24"])
    assert version.current() > before
    body = api.patch(f"/keys/{key.pk}", {"name": "desk", "enabled": False, "models": []}).json()
    assert (body["name"], body["status"], body["models"]) == ("desk", "disabled", [])
    assert api.patch(f"/keys/{key.pk}", {"enabled": True}).json()["status"] == "active"


def test_a_change_of_nothing_is_no_change(user, api):
    key, _ = keys.mint(user, "laptop")
    before = version.current()
    assert api.patch(f"/keys/{key.pk}", {}).status_code == 200
    assert api.patch(f"/keys/{key.pk}", {"name": "laptop"}).json()["name"] == "laptop"
    assert version.current() == before + 1


def test_a_deleted_key_is_gone(user, api):
    key, _ = keys.mint(user, "laptop")
    gone = api.delete(f"/keys/{key.pk}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert not ApiKey.objects.exists()
    assert api.delete(f"/keys/{key.pk}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": "  "}, 422, "name"),
        ({"name": "x" * 65}, 422, "name"),
        ({"name": "a\u0000b"}, 422, "name"),
        ({"name": 7}, 422, "name"),
        ({"name": None}, 422, "name"),
        ({"name": "a", "limit_usd": "0"}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": "-1"}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": 5}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": True}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": "1e3"}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": "٣"}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": "9" * 40}, 422, "limit_usd"),
        ({"name": "a", "limit_usd": "0.0000000001"}, 422, "limit_usd"),
        ({"name": "a", "period": "year"}, 422, "period"),
        ({"name": "a", "models": "small"}, 422, "models"),
        ({"name": "a", "models": ["x" * 201]}, 422, "models.0"),
        ({"name": "a", "models": [None]}, 422, "models.0"),
        ({"name": "a", "models": [f"m{n}" for n in range(101)]}, 422, "models"),
        ({"name": "a", "subnets": ["nowhere"]}, 422, "subnets"),
        ({"name": "a", "expires_at": "yesterday"}, 422, "expires_at"),
        ({"name": "a", "expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"name": "a", "expires_at": "2999-01-01T00:00:00"}, 422, "expires_at"),
        ({"name": "a", "expires_at": 4_102_444_800}, 422, "expires_at"),
        ({"name": "a", "expires_at": "9999-12-31T23:59:59-14:00"}, 422, "expires_at"),
        (["name"], 422, "body"),
        ("name", 422, "body"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(api, body, status, param):
    answer = api.post("/keys", body)
    refused = error(answer)
    assert (answer.status_code, refused["param"]) == (status, param)
    assert refused["message"]
    assert not ApiKey.objects.exists()


def test_a_name_that_is_taken_is_a_conflict(user, api):
    keys.mint(user, "laptop")
    key, _ = keys.mint(user, "desk")
    for answer in (api.post("/keys", {"name": "laptop"}), api.patch(f"/keys/{key.pk}", {"name": "laptop"})):
        assert answer.status_code == 409
        assert error(answer)["param"] == "name"


def test_more_keys_than_the_group_allows_are_a_conflict(user, group, api):
    group.max_keys = 1
    group.save()
    keys.mint(user, "laptop")
    assert api.post("/keys", {"name": "desk"}).status_code == 409


@pytest.mark.req("I15")
@pytest.mark.parametrize(
    "extra",
    [
        *({"quota": 1}, {"balance_usd": "9"}, {"role": "admin"}, {"is_staff": True}, {"user": 2}, {"user_id": 2}),
        *({"id": 9}, {"digest": "x"}, {"key": "sk-tg-x"}, {"key_class": "legacy"}, {"spent_usd": "0"}, {"owner": 1}),
    ],
    ids=str,
)
def test_fields_that_are_not_offered_change_nothing(user, other, api, extra):
    key, _ = keys.mint(user, "laptop", limit=NANO)
    before = ApiKey.objects.values().get()
    for answer in (api.post("/keys", {"name": "desk", **extra}), api.patch(f"/keys/{key.pk}", {"name": "x", **extra})):
        assert answer.status_code == 422
        assert error(answer)["param"] == next(iter(extra))
    assert ApiKey.objects.values().get() == before
    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.req("I16")
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_the_key_of_another_account_is_not_found(user, other, api, method):
    theirs, _ = keys.mint(other, "laptop")
    body = {"enabled": False} if method == "PATCH" else None
    refused = api(method, f"/keys/{theirs.pk}", body)
    unknown = api(method, "/keys/999999999", body)
    beyond = api(method, f"/keys/{10**30}", body)
    assert [answer.status_code for answer in (refused, unknown, beyond)] == [404] * 3
    assert refused.content == unknown.content == beyond.content
    assert ApiKey.objects.get().enabled
    assert program(other).get(f"/keys/{theirs.pk}").status_code == 200


def test_a_renamed_key_keeps_its_secret(user, api):
    made = api.post("/keys", {"name": "laptop"}).json()
    api.patch(f"/keys/{made['id']}", {"name": "desk"})
    assert ApiKey.objects.get(name="desk").digest == secretkeys.digest(made["key"])
