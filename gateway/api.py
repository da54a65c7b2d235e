"""/api/keys and /api/models: what a program may change of its owner's keys, and what they can call."""

from typing import Annotated, Any, cast

import ninja
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, WithJsonSchema

from accounts.models import User
from common import api, money
from common.api import Conflict, Error, InvalidField, Items, Moment, PositiveUsd, Strict, Usd
from gateway import key_list, keys, offers
from gateway.key_rules import KeyRefused, NameTaken, TooManyKeys
from gateway.models import ApiKey

router = Router(tags=["API keys"])
models_router = Router(tags=["Models"])
Name = Annotated[str, Field(min_length=1, max_length=64)]
Listed = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)]
Class = Annotated[ApiKey.Class, WithJsonSchema(api.enum(ApiKey.Class))]
Period = Annotated[ApiKey.Period, Field(strict=False), WithJsonSchema(api.enum(ApiKey.Period))]
Status = Annotated[key_list.Status, WithJsonSchema(api.enum(key_list.Status))]
PARTS_PER_MILLION = 1_000_000
FIELDS = {"limit": "limit_usd", "allowed_models": "models"}  # where /api says it otherwise than the model


class Key(Schema):
    """An API key, without its secret. Empty lists allow everything; `spent_usd` is of the limit's period."""

    id: int
    name: str
    hint: str
    key_class: Class = Field(alias="class")
    status: Status
    limit_usd: Usd | None
    period: Period
    spent_usd: Usd
    models: list[str]
    subnets: list[str]
    expires_at: Moment | None
    last_used_at: Moment | None
    created_at: Moment


class NewKey(Key):
    """A key that was just made: `key` is its secret, shown this one time."""

    key: str


class Rules(Strict):
    """What a key has to obey."""

    limit_usd: PositiveUsd | None = None
    period: Period = ApiKey.Period.MONTH
    models: Listed = []
    subnets: Listed = []
    expires_at: Moment | None = None


class KeyDraft(Rules):
    """A key to be made."""

    name: Name


class KeyChange(Rules):
    """What is to change; what is left out stays."""

    name: Name = Field(default_factory=str)
    enabled: bool = True


class Model(Schema):
    """A model, with its price in USD per million tokens for this account; `callable` is false without a price."""

    id: str
    callable: bool
    price_source: str | None
    input_usd: Usd | None
    output_usd: Usd | None


@router.get("", response=Items[Key], by_alias=True, summary="List keys")
def listed(request: HttpRequest) -> Items[Any]:
    """List the keys, newest first, all on one page."""
    return Items(items=[key_list.plain(row) for row in key_list.rows(_user(request))], next=None)


@router.post("", response={201: NewKey, 409: Error}, by_alias=True, summary="Make a key")
def make(request: HttpRequest, draft: KeyDraft) -> ninja.Status[dict[str, object]]:
    """Make a key. The answer holds its secret, this one time."""
    given = draft.model_dump()
    try:
        key, secret = keys.mint(_user(request), given.pop("name"), **_rules(given))
    except KeyRefused as refusal:
        raise _problem(refusal) from refusal
    return ninja.Status(201, {**_key(request, key.pk), "key": secret})


@router.get("/{int:key_id}", response=Key, by_alias=True, summary="Show a key")
def show(request: HttpRequest, key_id: int) -> dict[str, object]:
    """Return one key."""
    return _key(request, key_id)


@router.patch("/{int:key_id}", response={200: Key, 409: Error}, by_alias=True, summary="Change a key")
def change(request: HttpRequest, key_id: int, changed: KeyChange) -> dict[str, object]:
    """Change what is sent and leave the rest; calls obey it within a second. Earlier calls keep an old name."""
    given = changed.model_dump(exclude_unset=True)
    try:
        keys.change(_own(request, key_id), **_rules(given))
    except KeyRefused as refusal:
        raise _problem(refusal) from refusal
    return _key(request, key_id)


@router.delete("/{int:key_id}", response={204: None}, summary="Delete a key")
def delete(request: HttpRequest, key_id: int) -> ninja.Status[None]:
    """Remove a key for good: calls with it are refused within a second."""
    keys.delete(_own(request, key_id))
    return ninja.Status(204, None)


@models_router.get("", response=Items[Model], summary="Models and prices")
def models(request: HttpRequest) -> Items[Model]:
    """List the models that the keys of this account may call, by name, all on one page."""
    user = _user(request)
    return Items(items=[_model(user, priced) for priced in offers.priced(user)], next=None)


def _model(user: User, priced: offers.Priced) -> Model:
    rates = priced.rates
    if rates is None:
        return Model(id=priced.model, callable=False, price_source=None, input_usd=None, output_usd=None)
    multiplier = user.group.multiplier_ppm
    return Model(
        id=priced.model,
        callable=True,
        price_source=rates.source,
        input_usd=api.usd(rates.input * multiplier // PARTS_PER_MILLION),
        output_usd=api.usd(rates.output * multiplier // PARTS_PER_MILLION),
    )


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _own(request: HttpRequest, key_id: int) -> ApiKey:
    """Return the user's own key. Raises NotFound for any other."""
    key = _user(request).api_keys.filter(pk=key_id).first()
    if key is None:
        raise api.NotFound
    return key


def _key(request: HttpRequest, key_id: int) -> dict[str, object]:
    for row in key_list.rows(_user(request)):
        if row.key.pk == key_id:
            return key_list.plain(row)
    raise api.NotFound


def _rules(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the verbs take for what was sent."""
    if "models" in given:
        given["allowed_models"] = given.pop("models")
    if "limit_usd" in given:
        usd = given.pop("limit_usd")
        given["limit"] = None if usd is None else money.from_usd(usd)
    return given


def _problem(refusal: KeyRefused) -> api.Problem:
    kind = Conflict if isinstance(refusal, NameTaken | TooManyKeys) else InvalidField
    return kind(str(refusal), param=FIELDS.get(refusal.field, refusal.field))
