"""Holds and settlements as group commits: the only SQL that crosses rooms."""

from typing import Any

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from gateway.commit.orders import Store
from gateway.commit.postgres import PostgresStore
from gateway.commit.sqlite import SqliteStore

# of settings.DATABASES["default"]["OPTIONS"]: meant for Django, not for libpq
DJANGO_OPTIONS = {"assume_role", "isolation_level", "pool", "server_side_binding"}
# a peer that vanished is noticed in seconds (libpq: keepalives, tcp_user_timeout in ms)
PATIENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def open_store() -> Store:
    """Return a new store, with a connection of its own, on Django's default database."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return SqliteStore(str(database["NAME"]), default_bound=settings.DEFAULT_BOUND)
    return PostgresStore(conninfo(database), default_bound=settings.DEFAULT_BOUND)


def conninfo(database: dict[str, Any]) -> str:
    """Return libpq's connection string for an entry of settings.DATABASES."""
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    values = {option: database[key] for option, key in named.items() if database.get(key)}
    options = {key: value for key, value in database.get("OPTIONS", {}).items() if key not in DJANGO_OPTIONS}
    return make_conninfo("", **{**PATIENCE, "application_name": "tollgate-commit", **values, **options})
