"""`manage.py key`."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import secretkeys
from common.money import NANO
from gateway import keys
from gateway.models import ApiKey


@pytest.fixture
def run(capsys):
    """Run `manage.py key …` and return what it printed."""

    def command(*arguments):
        call_command("key", *arguments)
        return capsys.readouterr().out

    return command


def test_create_prints_the_secret_once_as_json(user, run):
    secret = json.loads(run("create", "mei", "ci", "--json"))["key"]

    assert ApiKey.objects.get(name="ci").digest == secretkeys.digest(secret)


def test_create_passes_every_rule_on(user, run):
    limits = ["--limit", "2.50", "--period", "week", "--expires", "90d"]
    run("create", "mei", "ci", *limits, "--models", "a,b", "--subnets", "10.0.0.0/8")

    key = ApiKey.objects.get()
    assert (key.limit, key.period, key.allowed_models, key.subnets) == (
        5 * NANO // 2,
        "week",
        ["a", "b"],
        ["10.0.0.0/8"],
    )
    assert key.expires_at is not None
    assert timedelta(days=89) < key.expires_at - timezone.now() <= timedelta(days=90)


def test_create_takes_a_secret_over_from_standard_input(user, run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-proj-0123456789abcdefghij\n"))

    run("create", "mei", "old", "--secret-stdin")

    assert ApiKey.objects.get().key_class == "legacy"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "nobody", "ci"), "No account"),
        (("create", "mei", ""), "name"),
        (("create", "mei", "ci", "--subnets", "nowhere"), "nowhere"),
        (("create", "mei", "ci", "--limit", "0"), "above 0"),
        (("create", "mei", "ci", "--limit", "much"), "much"),
        (("create", "mei", "ci", "--expires", "soon"), "90d"),
        (("revoke", "mei", "missing"), "missing"),
        (("list", "nobody"), "No account"),
    ],
)
def test_what_cannot_be_done_is_said(user, run, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_list_shows_keys_without_their_secrets(user, run):
    _, secret = keys.mint(user, "laptop", limit=5 * NANO)

    assert "laptop" in run("list", "mei")
    assert secret not in run("list", "mei")
    [row] = json.loads(run("list", "mei", "--json"))
    assert (row["name"], row["status"], row["limit_usd"], row["spent_usd"]) == ("laptop", "active", "5.00", "0.00")


def test_revoke_deletes_the_key(user, run):
    keys.mint(user, "laptop")

    run("revoke", "mei", "laptop")

    assert not ApiKey.objects.exists()
