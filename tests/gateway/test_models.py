"""GET /v1/models: exactly what this key can call."""

import pytest

from accounts.models import Group
from common import version
from gateway import keys
from gateway.models import ApiKey, Channel, Route
from pricing import preferences
from tests.gateway.client import Gate, chat
from tests.gateway.conftest import House


def listed(house: House) -> list[str]:
    answer = house.run(lambda gate: gate.ask("GET", "/v1/models"))
    assert answer.status == 200
    assert answer.json["object"] == "list"
    assert all(model["object"] == "model" for model in answer.json["data"])
    return [model["id"] for model in answer.json["data"]]


@pytest.fixture
def small(house: House) -> House:
    Route.objects.all().delete()
    house.serve("alpha")
    house.serve("beta", "vendor/gamma:free")
    house.serve("unpriced", price=False)
    return house


def test_priced_models_are_listed_in_order(small: House) -> None:
    assert listed(small) == ["alpha", "beta", "vendor/gamma:free"]


def test_unpriced_ones_only_if_accepted(small: House) -> None:
    preferences.save(small.user, accept_unpriced=True)
    assert "unpriced" in listed(small)


def test_the_lists_of_key_and_group_apply(small: House) -> None:
    ApiKey.objects.update(allowed_models=["alpha", "beta", "nowhere"])
    Group.objects.update(allowed_models=["beta", "vendor/gamma:free"])
    version.bump()
    assert listed(small) == ["beta"]


def test_channels_of_other_groups_do_not_count(small: House) -> None:
    staff = Group.objects.create(name="staff")
    other = Channel.objects.create(name="staff only", base_url=small.upstream.url)
    other.groups.add(staff)
    small.serve("delta", channel=other)
    assert "delta" not in listed(small)
    small.user.group = staff
    small.user.save()
    version.bump()
    assert "delta" in listed(small)


def test_what_is_listed_can_be_called(small: House) -> None:
    async def work(gate: Gate) -> None:
        for model in (await gate.ask("GET", "/v1/models")).json["data"]:
            assert (await gate.post(chat(model["id"]))).status == 200

    small.run(work)


@pytest.mark.parametrize("model", ["alpha", "vendor/gamma:free"])
def test_one_model_is_described(small: House, model: str) -> None:
    answer = small.run(lambda gate: gate.ask("GET", f"/v1/models/{model}"))
    assert (answer.status, answer.json["id"], answer.json["object"]) == (200, model, "model")


@pytest.mark.parametrize(("model", "status"), [("nobody", 404), ("unpriced", 403), ("beta", 403)])
def test_one_that_cannot_be_called_is_refused_as_a_call_would_be(small: House, model: str, status: int) -> None:
    ApiKey.objects.update(allowed_models=["alpha", "unpriced", "nobody"])
    version.bump()
    answer = small.run(lambda gate: gate.ask("GET", f"/v1/models/{model}"))
    assert answer.status == status
    assert small.row().model == model


def test_listing_costs_and_logs_nothing(small: House) -> None:
    listed(small)
    assert small.rows() == []
    assert small.spent() == 0


def test_each_key_has_its_own_list(small: House) -> None:
    _, narrow = keys.mint(small.user, "narrow", allowed_models=["beta"])
    answer = small.run(lambda gate: gate.ask("GET", "/v1/models", key=narrow))
    assert [model["id"] for model in answer.json["data"]] == ["beta"]
