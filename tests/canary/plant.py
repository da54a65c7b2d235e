"""Something unmistakable in every column that an account can fill: run inside a served installation."""

import json
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, cast

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group as PermissionGroup
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.models import NOT_PROVIDED, Field, Model
from django.utils import timezone

from accounts.models import Group, Invite, User
from common import callids
from common.fields import EncryptedTextField
from console.accounts import open_account
from security.models import Event
from tests.second_factor import enroll

AnyField: TypeAlias = Field[Any, Any]

LEAST = 11  # characters: what is shorter is in any file by chance, as "playground" is in the schema
TEXT = {"CharField", "TextField", "EmailField", "URLField", "SlugField", "GenericIPAddressField"}
BYTES = {"BinaryField"}
NUMBERED = {"AutoField", "BigAutoField"}
LATER: dict[str, Callable[[], object]] = {  # what the worker, or a sign-in, would pick up
    "next_at": lambda: timezone.now() + timedelta(days=1),
    "confirmed": lambda: False,
}


def fill(name: str) -> None:
    """Plant an authenticator, a row in every table that hangs on the account, and its traces in those of others."""
    user = User.objects.get(username=name)
    User.objects.filter(pk=user.pk).update(first_name=secrets.token_hex(12), last_name=secrets.token_hex(12))
    enroll(user)
    PermissionGroup.objects.create(name="a table beside it points there")
    planted = sum(plant(model, owner, user) for model, owner in owned())
    _traces(user)
    sys.stdout.write(json.dumps({"planted": planted, "needles": needles(user)}))


def owned() -> Iterator[tuple[type[Model], AnyField]]:
    """Yield every table that hangs on accounts, be it by way of another, and the column by which; owners come first."""
    owners: list[type[Model]] = [User]
    for owner in owners:
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.concrete_fields:
                if field.is_relation and field.related_model is owner and model not in owners:
                    owners.append(model)
                    yield model, field


def needles(user: User) -> list[dict[str, str]]:
    """Return every text and every secret that the rows of an account hold, as hex, unless others hold it as well."""
    found: dict[bytes, str] = {}
    others: set[bytes] = set()
    mine: dict[type[Model], list[Any]] = {User: [user.pk]}
    places: list[tuple[type[Model], AnyField]] = [(User, User._meta.pk), *owned()]
    for model, owner in places:
        for row in model._default_manager.all():
            is_mine = getattr(row, owner.attname) in mine[cast(type[Model], owner.related_model or User)]
            if is_mine and model is not User:
                mine.setdefault(model, []).append(row.pk)
            for field in model._meta.concrete_fields:
                for value in _bytes(field, row):
                    if is_mine:
                        found.setdefault(value, f"{model._meta.db_table}.{field.column}")
                    else:
                        others.add(value)
        mine.setdefault(model, [])
    rest = [model for model in apps.get_models() if model not in mine]
    others |= {value for model in rest for row in model._default_manager.all() for value in _row(model, row)}
    return [{"where": place, "hex": value.hex()} for value, place in found.items() if value not in others]


def _row(model: type[Model], row: Model) -> Iterator[bytes]:
    for field in model._meta.concrete_fields:
        yield from _bytes(field, row)


def _bytes(field: AnyField, row: Model) -> Iterator[bytes]:
    """Yield what a column says, and what is stored for it where that is encrypted."""
    if field.get_internal_type() not in TEXT | BYTES | {"JSONField"}:
        return
    yield from _texts(getattr(row, field.attname))
    if isinstance(field, EncryptedTextField):
        with connection.cursor() as cursor:
            query = f"SELECT {field.column} FROM {row._meta.db_table} WHERE {row._meta.pk.column} = %s"
            yield from _texts(cursor.execute(query, [row.pk]).fetchone()[0])


def _texts(value: object) -> Iterator[bytes]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, str) and len(value) >= LEAST:
        yield value.encode()
    elif isinstance(value, bytes | memoryview) and len(value) >= LEAST:
        yield bytes(value)


def plant(model: type[Model], owner: AnyField, user: User) -> int:
    """Add a row of the account; where there can be only one, fill that. Return how many columns hold a canary."""
    at = user.pk if owner.related_model is User else _any_of(cast(type[Model], owner.related_model), user).pk
    values: dict[str, Any] = {owner.attname: at}
    canaries = {field.attname: one for field in model._meta.concrete_fields if (one := canary(field))}
    for field in model._meta.concrete_fields:
        if field is not owner and field.attname not in canaries and field.column:
            values |= _needed(field, user)
    try:
        with transaction.atomic():
            model._default_manager.bulk_create([model(**values, **canaries)])
    except IntegrityError:
        model._default_manager.filter(**{owner.attname: at}).update(**canaries)
    return len(canaries)


def canary(field: AnyField) -> object:
    """Return a new canary that fits, None where a column holds none."""
    kind, width = field.get_internal_type(), field.max_length or 64
    if field.is_relation or field.choices or field.column == "timezone":
        return None
    if kind in BYTES:
        return secrets.token_bytes(min(width, 48))
    if kind == "JSONField":
        return [secrets.token_hex(12)]
    if kind == "GenericIPAddressField":
        return f"2001:db8:{secrets.randbelow(60_000) + 4096:x}::{secrets.randbelow(60_000) + 4096:x}"
    return secrets.token_hex(24)[:width] if kind in TEXT and width >= LEAST else None


def _needed(field: AnyField, user: User) -> dict[str, Any]:
    """Return a value for a column that must have one."""
    kind = field.get_internal_type()
    if field.name in LATER:
        return {field.attname: LATER[field.name]()}
    if field.null or field.has_default() or field.db_default is not NOT_PROVIDED or kind in NUMBERED:
        return {}
    if field.is_relation:
        return {field.attname: _any_of(cast(type[Model], field.related_model), user).pk}
    if field.choices:
        return {field.attname: list(field.flatchoices)[-1][0]}
    if field.primary_key:
        return {field.attname: callids.first_id(timezone.now() - timedelta(minutes=1)) + secrets.randbelow(1000)}
    made_up = {"DateTimeField": timezone.now() + timedelta(hours=1), "BooleanField": False, "CharField": "x"}
    return {field.attname: made_up.get(kind, 1)}


def _any_of(model: type[Model], user: User) -> Model:
    """Return a row to hang another on, the account's own where it has one."""
    rows: Sequence[Model] = list(model._default_manager.all())
    mine = [row for row in rows if row == user or getattr(row, "user_id", None) == user.pk]
    return (mine or rows)[-1]


def _traces(user: User) -> None:
    """Leave the account's name where others' rows may hold it."""
    other = open_account(username="root", email="root@example.com", password=secrets.token_urlsafe(24), staff=True)
    Event.objects.create(user=other, kind=Event.Kind.DISABLED, actor=user.username)
    group = Group.objects.get(is_default=True)
    soon = timezone.now() + timedelta(days=1)
    Invite.objects.create(digest="1" * 64, email=user.email, group=group, invited_by="root", expires_at=soon)
    Invite.objects.create(
        digest="2" * 64, email="a@example.com", group=group, invited_by=user.username, expires_at=soon
    )
    LogEntry.objects.create(
        user=other,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=user.username,
        action_flag=CHANGE,
        change_message="[]",
    )
