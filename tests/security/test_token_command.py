"""`manage.py token`."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.administrators import COMMAND_LINE
from notifications.models import Delivery
from security import tokens
from security.models import AccessToken, Event


@pytest.fixture
def run(user, capsys):
    """Run the command and return what it printed."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        call_command("token", *arguments)
        return str(capsys.readouterr().out)

    return run


def test_create_prints_the_secret_as_json(user, run):
    secret = json.loads(run("create", "mei", "--json"))["token"]
    token = tokens.authenticate(secret)
    assert (token.user, token.name, token.scopes) == (user, "default", ["read", "write", "keys"])
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)


def test_create_takes_name_scopes_and_days(run):
    secret = run("create", "MEI", "--name", "build", "--scopes", "read, keys", "--days", "7").strip()
    token = tokens.authenticate(secret)
    assert (token.name, token.scopes) == ("build", ["read", "keys"])
    assert token.expires_at < timezone.now() + timedelta(days=7)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("create", "nobody"), 1),
        (("create", "mei", "--scopes", "admin"), 2),
        (("create", "mei", "--scopes", ""), 2),
        (("create", "mei", "--name", " "), 2),
        (("create", "mei", "--name", "x" * 65), 2),
        (("list", "nobody"), 1),
        (("revoke", "mei", "other"), 1),
        (("revoke", "nobody"), 1),
    ],
)
def test_what_cannot_be_ends_with_words_and_a_status(run, arguments, status):
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    assert str(refused.value)
    assert refused.value.returncode == status


def test_a_second_token_of_a_name_is_refused(run):
    run("create", "mei")
    with pytest.raises(CommandError) as refused:
        run("create", "mei")
    assert refused.value.returncode == 1


@pytest.mark.req("A17")
def test_the_owner_is_told_who_made_and_who_took_a_token(user, run):
    run("create", "mei", "--name", "build")
    assert json.loads(run("revoke", "mei", "build", "--reason", "Leaked in a log", "--json")) == {"revoked": "build"}
    made, revoked = Event.objects.filter(user=user).order_by("pk")
    assert (made.kind, made.actor) == ("token-made", COMMAND_LINE)
    assert (revoked.kind, revoked.actor, revoked.reason) == ("token-revoked", COMMAND_LINE, "Leaked in a log")
    assert Delivery.objects.filter(event="security.token-revoked", user=user).exists()


@pytest.mark.req("H2")
def test_list_shows_hints_and_no_secret(user, run):
    token, secret = tokens.make(user, scopes=["read"])
    (listed,) = json.loads(run("list", "mei", "--json"))
    assert (listed["name"], listed["hint"], listed["last_used_at"]) == ("default", token.hint, None)
    assert secret not in run("list", "mei")
    assert "never" in run("list", "mei")


def test_revoke_ends_a_token(user, run):
    tokens.make(user, scopes=["read"])
    tokens.make(user, name="build", scopes=["read"])
    assert "build" in run("revoke", "mei", "build")
    run("revoke", "mei")
    assert not AccessToken.objects.exists()
