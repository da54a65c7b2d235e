"""Findings about an installation."""

import json
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from console import doctor, worker
from console.doctor import BROKEN, LOOK, OK
from gateway import channels
from gateway.models import Worker


@pytest.fixture(autouse=True)
def installation(settings, tmp_path):
    """A data folder that belongs to the test alone."""
    tmp_path.chmod(0o700)
    settings.DATA = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    return tmp_path


def the(findings, subject):
    return next(finding for finding in findings if finding.subject == subject)


@pytest.mark.parametrize("mode", [0o750, 0o705])
def test_a_readable_data_folder_is_broken_and_the_words_mend_it(installation, mode):
    installation.chmod(mode)
    finding = the(doctor.data_folder(), "data folder")
    assert finding.state == BROKEN
    assert f"chmod go= {installation}" in finding.words


def test_a_readable_secret_is_broken(installation):
    (installation / "field_key").write_text("x")
    (installation / "field_key").chmod(0o644)
    assert the(doctor.data_folder(), "data folder").state == BROKEN
    (installation / "field_key").chmod(0o600)
    assert the(doctor.data_folder(), "data folder").state == OK


def test_secrets_are_found_where_they_are(installation):
    assert "environment" in doctor.secrets().words
    (installation / "secret_key").write_text("do not print this")
    assert "secret_key" in doctor.secrets().words
    assert "do not print this" not in doctor.secrets().words


@pytest.mark.parametrize(
    ("url", "https", "state"),
    [
        ("https://gate.example.com", True, OK),
        ("http://localhost:8000", False, OK),
        ("http://gate.example.com", False, LOOK),
        ("gate.example.com", False, BROKEN),
    ],
)
def test_base_url(settings, url, https, state):
    settings.BASE_URL, settings.HTTPS = url, https
    assert doctor.base_url().state == state


def test_mail_names_the_server_and_not_its_password(settings):
    settings.EMAIL_URL = "smtp://user:hush@mail.example.com:587"
    assert doctor.mail().state == OK
    assert "mail.example.com" in doctor.mail().words
    assert "hush" not in doctor.mail().words
    settings.EMAIL_URL = ""
    assert doctor.mail().state == LOOK


def test_static_files_must_be_collected(installation):
    assert doctor.static_files().state == BROKEN
    (installation / "static").mkdir()
    (installation / "static/staticfiles.json").touch()
    assert doctor.static_files().state == OK


def test_a_database_that_does_not_answer_is_broken(monkeypatch):
    def refuse():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    assert [finding.state for finding in doctor.database()] == [BROKEN]


@pytest.mark.django_db
def test_a_missing_migration_is_broken(monkeypatch):
    assert the(doctor.database(), "database").state == OK
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [object()] * 3)
    assert "3 migrations" in the(doctor.database(), "database").words


@pytest.mark.django_db
def test_a_clock_before_the_release_is_broken(monkeypatch):
    assert doctor.clock().state == OK
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert doctor.clock().state == BROKEN


@pytest.mark.django_db
def test_a_server_that_beats_is_seen():
    Worker.objects.all().delete()
    assert doctor.server().state == LOOK
    Worker.objects.create(id=7, token="x", started_at=0, beat_at=time.time())
    assert doctor.server().state == OK


def test_a_worker_that_ran_is_seen():
    assert doctor.background().state == LOOK
    worker.beat_file().touch()
    assert doctor.background().state == OK


@pytest.mark.django_db
def test_channels_are_counted(monkeypatch):
    assert doctor.upstreams().state in {OK, LOOK}
    monkeypatch.setattr(channels, "load", dict)
    assert doctor.upstreams().state == LOOK


@pytest.mark.django_db
def test_command_exits_with_1_when_something_is_broken(capsys):
    with pytest.raises(CommandError, match="code 1"):
        call_command("doctor", "--json")
    findings = json.loads(capsys.readouterr().out)
    assert {"static files": "broken"}.items() <= {found["subject"]: found["state"] for found in findings}.items()


@pytest.mark.django_db
def test_command_speaks_in_words(capsys):
    with pytest.raises(CommandError, match="code 1"):
        call_command("doctor")
    assert "broken static files: Not collected; run: manage.py collectstatic" in capsys.readouterr().out
