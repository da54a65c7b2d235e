"""Deleting an account: no row of it is left in any table, whether or not the database knows the foreign key."""

from collections.abc import Iterator
from typing import Any, TypeAlias, cast

import pytest
from django.apps import apps
from django.contrib.auth.models import Group as PermissionGroup
from django.db import connection
from django.db.models import Field, Model

from accounts import services
from accounts.models import User
from wallet import ledger
from wallet.models import Wallet

AnyField: TypeAlias = Field[Any, Any]

NUMBER = 987_654_321  # an id that no other row can have by chance
WHOLE = {"BigAutoField", "AutoField", "BigIntegerField", "IntegerField", "ForeignKey", "OneToOneField"}
MADE_UP = {"BooleanField": False, "DateTimeField": "2026-03-01 12:00:00+00:00", "JSONField": "[]"}


@pytest.fixture
def everywhere(group) -> User:
    """An account with a row in every table that hangs on accounts or wallets."""
    user = User.objects.create(pk=NUMBER, username="ann", email="ann@example.com", group=group)
    ledger.open_wallet(user.pk)
    PermissionGroup.objects.create(name="a table beside it points there")
    for model, owner in _owned():
        if not model._default_manager.filter(**{owner.attname: user.pk}).exists():
            _insert(model, owner, user.pk)
    return user


@pytest.mark.req("L2")
def test_nothing_of_a_deleted_account_is_left(everywhere):
    tables = {model._meta.db_table for model, _owner in _owned()}
    assert len(tables) > 15
    assert {place.partition(".")[0] for place in _places(NUMBER)} >= tables
    services.delete(everywhere)
    assert _places(NUMBER) == []


def test_other_accounts_keep_theirs(everywhere, user):
    ledger.open_wallet(user.pk)
    ledger.credit(user.pk, 5, reference="kept")
    services.delete(everywhere)
    assert ledger.balance(user.pk).free == 5


def _owned() -> Iterator[tuple[type[Model], AnyField]]:
    """Every table with a column that names an account or a wallet, and that column."""
    owners = {User, Wallet}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model in owners:
                yield model, field


def _insert(model: type[Model], owner: AnyField, pk: int) -> None:
    """Insert a row with made-up values, without what the model itself would ask for."""
    values: dict[str, Any] = {owner.column: pk}
    for field in model._meta.concrete_fields:
        kind = field.get_internal_type()
        if field is owner or field.null or kind in {"BigAutoField", "AutoField"}:
            continue
        if field.is_relation:
            values[field.column] = _any(cast(type[Model], field.related_model)).pk
        elif field.column:  # a composite primary key has none
            values[field.column] = MADE_UP.get(kind, 1 if "Integer" in kind else "x")
    columns = ", ".join(connection.ops.quote_name(name) for name in values)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})", list(values.values()))


def _any(model: type[Model]) -> Model:
    found = model._default_manager.first()
    assert found, f"{model._meta.label} has no row to point at"
    return found


def _places(number: int) -> list[str]:
    """Return the columns of all tables in which the number stands."""
    return [
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.get_internal_type() in WHOLE and model._default_manager.filter(**{field.attname: number}).exists()
    ]
