"""Encrypted columns brought to the newest key of TOLLGATE_FIELD_KEYS, so that older ones can be dropped.

Each value is exchanged by one guarded UPDATE, so that the site may go on meanwhile, a run that was cut off is simply
begun again, and what somebody writes at the same moment is never undone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models, transaction

from common.fields import EncryptedTextField, cipher, newest

BATCH = 500  # rows in one transaction
PASSES = 3
Row = tuple[int | str, str]


@dataclass(slots=True)
class Tally:
    """What became of the values of one column."""

    column: str  # "security.totpdevice.secret"
    rotated: int = 0
    current: int = 0  # had the newest key already
    unreadable: int = 0  # under no key of the ring: left as they are
    busy: int = 0  # written by somebody else at the same moment


def columns() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Return every encrypted column of the site."""
    return [
        (model, field)
        for model in sorted(apps.get_models(), key=lambda model: model._meta.label_lower)  # noqa: SLF001 (Django's own door)
        for field in model._meta.local_concrete_fields  # noqa: SLF001
        if isinstance(field, EncryptedTextField)
    ]


def values() -> int:
    """Return how many encrypted values there are."""
    return sum(model._default_manager.exclude(**{f"{field.name}__isnull": True}).count() for model, field in columns())  # noqa: SLF001


def rotate(*, batch: int = BATCH, progress: Callable[[int], None] = lambda _done: None) -> list[Tally]:
    """Encrypt every value with the newest key, and return what became of each column; `progress` is told of values."""
    tallies = []
    for model, field in columns():
        tally = _walked(model, field, batch, progress)
        for _again in range(PASSES - 1):
            if tally.busy:  # who wrote it may not know the new key yet
                later = _walked(model, field, batch, lambda _done: None)
                tally.rotated, tally.busy = tally.rotated + later.rotated, later.busy
        tallies.append(tally)
    return tallies


def _walked(model: type[models.Model], field: EncryptedTextField, batch: int, progress: Callable[[int], None]) -> Tally:
    tally = Tally(f"{model._meta.label_lower}.{field.name}")  # noqa: SLF001
    for rows in _batches(model, field, batch):
        with transaction.atomic():
            for key, token in rows:
                _exchange(model, field, key, token, tally)
        progress(len(rows))
    return tally


def _exchange(model: type[models.Model], field: EncryptedTextField, key: int | str, token: str, tally: Tally) -> None:
    if newest(token):
        tally.current += 1
        return
    try:
        fresh = cipher().rotate(token.encode()).decode()
    except InvalidToken:
        tally.unreadable += 1
        return
    table, column, pk = _names(model, field)
    with connection.cursor() as cursor:
        # the names are of our own models; Django's field would encrypt what is compared, each time to another token
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {pk} = %s AND {column} = %s", [fresh, key, token])  # noqa: S608
        if cursor.rowcount:
            tally.rotated += 1
        else:
            tally.busy += 1


def _batches(model: type[models.Model], field: EncryptedTextField, size: int) -> Iterator[list[Row]]:
    """Yield the rows by key, as stored: decrypting them all would be done twice."""
    table, column, pk = _names(model, field)
    last: int | str | None = None
    while True:
        after = "" if last is None else f"AND {pk} > %s"
        words = f"SELECT {pk}, {column} FROM {table} WHERE {column} IS NOT NULL {after} ORDER BY {pk} LIMIT {size:d}"  # noqa: S608 (as above)
        with connection.cursor() as cursor:
            cursor.execute(words, [] if last is None else [last])
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _names(model: type[models.Model], field: EncryptedTextField) -> tuple[str, str, str]:
    """Return table, column and key, quoted."""
    meta, quote = model._meta, connection.ops.quote_name  # noqa: SLF001
    return quote(meta.db_table), quote(str(field.column)), quote(str(meta.pk.column))
