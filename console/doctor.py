"""Examine an installation: what works, what deserves a look, what is broken, each in plain words."""

import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts import providers
from console import worker
from gateway import channels
from gateway.models import Worker

OK, LOOK, BROKEN = "ok", "look", "broken"
BEATS = 4  # a server process that missed so many is gone
SKEW = 5.0  # seconds that the clocks of this machine and of the database may differ
RELEASED = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one examination found; `state` is "ok", "look" (works, but read the words) or "broken"."""

    subject: str
    state: str
    words: str


def examine() -> list[Finding]:
    """Return the findings of every examination; one that needs the database is left out when there is none."""
    findings = [*data_folder(), secrets(), base_url(), mail(), static_files()]
    findings += (reachable := list(database()))
    if reachable[0].state == OK:
        findings += [clock(), server(), background(), upstreams(), identity_providers()]
    return [*findings, *deploy_checks()]


def data_folder() -> Iterator[Finding]:
    """Find whether others can read the data folder or what is secret in it."""
    folder = Path(settings.DATA)
    exposed = [path for path in (folder, *_secret_files(folder)) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if exposed:
        names = ", ".join(str(path) for path in exposed)
        yield Finding("data folder", BROKEN, f"Other users of this machine can read {names}; run: chmod go= {names}")
    else:
        yield Finding("data folder", OK, f"{folder} is readable by its owner only.")


def _secret_files(folder: Path) -> Iterator[Path]:
    names = ("secret_key", "field_key")
    return (folder / name for name in names if (folder / name).exists())


def secrets() -> Finding:
    """Find where the secrets come from; losing the field keys loses every encrypted column."""
    kept = [name for name in ("secret_key", "field_key") if (Path(settings.DATA) / name).exists()]
    if not kept:
        return Finding("secrets", OK, "Both secrets come from the environment.")
    return Finding(
        "secrets", OK, f"In the data folder: {', '.join(kept)}. Keep copies: backups are unreadable without."
    )


def base_url() -> Finding:
    """Find whether people reach the site safely by its base URL."""
    url = urlsplit(settings.BASE_URL)
    if not url.hostname:
        return Finding("base URL", BROKEN, f"TOLLGATE_BASE_URL is {settings.BASE_URL!r}: that is no URL.")
    if settings.HTTPS:
        return Finding("base URL", OK, f"{settings.BASE_URL}, with secure cookies.")
    if url.hostname == "localhost":
        return Finding("base URL", OK, f"{settings.BASE_URL}, on this machine only.")
    return Finding(
        "base URL",
        LOOK,
        f"{settings.BASE_URL} is plain http: passwords and keys can be read on the way, and browsers refuse passkeys."
        " Put a TLS proxy in front and set TOLLGATE_BASE_URL=https://…",
    )


def mail() -> Finding:
    """Find where mail goes."""
    if settings.EMAIL_URL:
        return Finding("mail", OK, f"Sent by {urlsplit(settings.EMAIL_URL).hostname}.")
    return Finding("mail", LOOK, f"Written to files in {settings.EMAIL_FILES}; nobody gets any. Set EMAIL_URL.")


def static_files() -> Finding:
    """Find whether styles, scripts and fonts are collected."""
    if (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return Finding("static files", OK, "Collected.")
    return Finding("static files", BROKEN, "Not collected; run: manage.py collectstatic --noinput")


def database() -> Iterator[Finding]:
    """Find whether the database answers and has every migration."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding("database", BROKEN, f"Out of reach: {str(error).strip()}")
        return
    if pending:
        yield Finding("database", BROKEN, f"{len(pending)} migrations are missing; run: manage.py migrate")
    else:
        yield Finding("database", OK, f"{connection.display_name} answers and is migrated.")


def clock() -> Finding:
    """Find whether this machine's clock is right: ids, limits and expiry are made from it."""
    now = time.time()
    if now < RELEASED:
        return Finding("clock", BROKEN, "It is before the release of this version; set the clock.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            if (skew := abs(float(cursor.fetchone()[0]) - now)) > SKEW:
                return Finding("clock", BROKEN, f"It differs from the database's by {skew:.0f} s; use NTP on both.")
    return Finding("clock", OK, "Agrees.")


def server() -> Finding:
    """Find whether a server process beats."""
    alive = Worker.objects.filter(beat_at__gt=time.time() - BEATS * settings.BEAT).count()
    if alive:
        return Finding("server", OK, f"{alive} process(es) beat.")
    return Finding("server", LOOK, "No process beats; start one: make run")


def background() -> Finding:
    """Find whether the background worker runs on this machine."""
    if worker.alive(time.time()):
        return Finding("worker", OK, "The background worker runs.")
    return Finding("worker", LOOK, "No background worker runs here: mail waits and nothing is swept or pruned.")


def identity_providers() -> Finding:
    """Find whether the ids of identity providers still belong to the issuers that accounts are bound to."""
    moved = providers.displaced()
    if moved:
        names = ", ".join(f"{provider.id} (now {provider.url})" for provider in moved)
        words = f"Accounts are bound at another issuer under the same id: {names}. They are off; choose other ids or,"
        words += " if a provider moved house with all its people, run: manage.py provider move ID"
        return Finding("identity providers", BROKEN, words)
    names = ", ".join(found.id for found in providers.enabled())
    return Finding("identity providers", OK, f"{names or 'None'}.")


def upstreams() -> Finding:
    """Find whether there is anything to call."""
    models = channels.load()
    if models:
        return Finding("channels", OK, f"{len(models)} model(s) are served.")
    return Finding("channels", LOOK, "No enabled channel serves a model; add one: manage.py channel add --help")


def deploy_checks() -> Iterator[Finding]:
    """Find what Django's own checks for production say."""
    found: Sequence[checks.CheckMessage] = checks.run_checks(include_deployment_checks=True)
    spoken = [message for message in found if message.level >= checks.WARNING and not message.is_silenced()]
    for message in spoken:
        yield Finding(message.id or "check", BROKEN if message.level >= checks.ERROR else LOOK, message.msg)
    if not spoken:
        yield Finding("checks", OK, "Django's checks for production pass.")
