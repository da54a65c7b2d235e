"""No route of /v1 gets around a rule, and no rule may block the event loop."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string

from gateway import checks, urls
from gateway.handler import GateHandler
from tests.gateway.client import Gate, chat
from tests.gateway.conftest import House

PATHS = [*urls.ROUTES, f"{urls.MODELS}ok"]
passed: list[str] = []


def spy(name: str) -> type:
    """The rule itself, noting that a call has passed it."""
    rule = import_string(name)

    class Spied(rule):  # type: ignore[misc, valid-type]
        async def __call__(self, call: Any) -> Any:
            passed.append(name)
            return await super().__call__(call)

    return Spied


def routes() -> list[tuple[str, str]]:
    return [(method, path) for path in PATHS for method in (urls.ROUTES.get(path) or urls.MODEL)]


@pytest.mark.parametrize(("method", "path"), routes())
def test_every_route_passes_every_rule_in_order(house: House, monkeypatch, method: str, path: str) -> None:
    names = list(settings.API_MIDDLEWARE)
    rules = {name: spy(name) for name in names}
    monkeypatch.setattr("gateway.handler.import_string", rules.__getitem__)

    async def work(gate: Gate) -> int:
        if method == "GET":
            return (await gate.ask(method, path)).status
        return (await gate.post(chat(), path=path)).status

    passed.clear()
    assert house.run(work) == 200
    assert passed == names


@pytest.mark.parametrize(("method", "path"), routes())
def test_no_route_answers_without_a_key(house: House, method: str, path: str) -> None:
    assert house.run(lambda gate: gate.ask(method, path, key=None)).status == 401


def test_all_paths_are_below_v1() -> None:
    assert all(path.startswith(urls.PREFIX) for path in PATHS)


def test_the_settings_as_they_are_pass_the_check() -> None:
    assert checks.api_middleware(None) == []


class Hopping:
    """A rule as Django's pages have them."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, call: Any) -> Any:
        return self.get_response(call)


class Pretending(Hopping):
    """Says that it is async, and is not."""

    sync_capable = False


class Passing:
    """A rule of somebody else's, well made."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, call: Any) -> Any:
        return await self.get_response(call)


@pytest.mark.parametrize("rule", [Hopping, Pretending])
def test_a_rule_that_is_not_async_is_refused(settings, rule: type) -> None:
    settings.API_MIDDLEWARE = [*settings.API_MIDDLEWARE, f"{__name__}.{rule.__name__}"]
    (error,) = checks.api_middleware(None)
    assert error.id == "gateway.E001"
    assert rule.__name__ in error.msg


def test_a_rule_of_ones_own_may_stand_anywhere(settings) -> None:
    first, second, third = settings.API_MIDDLEWARE
    mine = f"{__name__}.Passing"
    settings.API_MIDDLEWARE = [mine, first, mine, second, third, mine]
    assert checks.api_middleware(None) == []


@pytest.mark.parametrize("kept", [[], [0, 1], [1, 0, 2], [0, 1, 2, 2]])
def test_the_rules_of_the_gate_may_not_be_left_out_or_turned_round(settings, kept: list[int]) -> None:
    names = list(settings.API_MIDDLEWARE)
    settings.API_MIDDLEWARE = [names[index] for index in kept]
    assert [error.id for error in checks.api_middleware(None)] == ["gateway.E002"]


def test_the_first_rule_is_the_outermost(settings, monkeypatch) -> None:
    order: list[str] = []

    def rule(name: str) -> Any:
        def wrap(inner: Any) -> Any:
            async def call(request: Any) -> Any:
                order.append(name)
                return await inner(request)

            return call

        return wrap

    async def view(call: Any) -> HttpResponse:
        return HttpResponse()

    monkeypatch.setattr("gateway.handler.import_string", rule)
    monkeypatch.setattr("gateway.handler.answer", view)
    settings.API_MIDDLEWARE = ["a", "b", "c"]
    asyncio.run(GateHandler()._chain(None))  # type: ignore[arg-type]
    assert order == ["a", "b", "c"]
