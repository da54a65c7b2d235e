"""The command `channel`, as an operator types it."""

import io
import json

import pytest
from django.core.management import execute_from_command_line

from gateway.models import Channel

pytestmark = pytest.mark.django_db

SECRET = "sk-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def _no_channels(db):
    Channel.objects.all().delete()


@pytest.fixture
def manage(capsys, monkeypatch):
    """Run `manage.py channel …` in this process; return its exit status and what it printed."""
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)  # the test's own transaction

    def manage(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = 0
        try:
            execute_from_command_line(["manage.py", "channel", *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return manage


def test_a_channel_is_added_listed_switched(manage):
    arguments = ("--base-url", "http://127.0.0.1:9", "--models", "a, b=upstream-b", "--priority", "2", "--weight", "3")
    status, printed = manage(
        "add",
        "main",
        *arguments,
        "--header",
        "X-Title: T: 1",
        "--api-key-stdin",
        "--json",
        stdin=f"{SECRET}\n\nsecond\n",
    )
    assert status == 0
    added = json.loads(printed)
    assert added["models"] == {"a": "a", "b": "upstream-b"}
    assert (added["priority"], added["weight"], added["headers"]) == (2, 3, ["X-Title"])
    assert [key["suffix"] for key in added["keys"]] == ["mnop", ""]
    manage("disable", "main")
    _, printed = manage("list", "--json")
    assert [row["enabled"] for row in json.loads(printed)] == [False]
    manage("enable", "main")
    _, table = manage("list")
    assert "main" in table
    assert "enabled" in table
    assert SECRET not in printed + table
    assert Channel.objects.get().keys.count() == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x", "--base-url", "http://127.0.0.1\\@x", "--models", "a"), "backslash"),
        (("add", "x", "--base-url", "http://127.0.0.1", "--models", ","), "model"),
        (("add", "x", "--base-url", "http://127.0.0.1", "--models", "a", "--api-key-stdin"), "standard input"),
        (("add", "x", "--base-url", "http://10.0.0.1", "--models", "a"), "TOLLGATE_OUTBOUND_ALLOW"),
        (("enable", "nope"), "nope"),
        (("disable", "nope"), "nope"),
        (("test", "nope"), "nope"),
    ],
)
def test_what_cannot_be_done_is_said(manage, arguments, words):
    status, printed = manage(*arguments)
    assert status == 1
    assert words in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x", "--base-url", "http://127.0.0.1", "--models", "a,a"),
        ("add", "x", "--base-url", "http://127.0.0.1", "--models", "a", "--header", "nonsense"),
        ("add", "x", "--base-url", "http://127.0.0.1", "--models", "a", "--kind", "azure"),
        ("add", "x", "--base-url", "http://127.0.0.1", "--models", "a", "--weight", "-1"),
        ("add", "x"),
        ("unknown",),
    ],
)
def test_a_command_typed_wrongly_adds_nothing(manage, arguments):
    status, printed = manage(*arguments)
    assert status == 2
    assert "Traceback" not in printed
    assert not Channel.objects.exists()


def test_a_test_says_how_it_went(manage, upstream):
    manage("add", "main", "--base-url", upstream.url, "--models", "m", "--api-key-stdin", stdin=SECRET)
    status, printed = manage("test", "main")
    assert (status, "…mnop: m answered in" in printed) == (0, True)
    upstream.behavior = "status:401"
    status, printed = manage("test", "main", "--json")
    assert status == 1
    assert json.loads(printed.splitlines()[0]) == [
        {"key": "mnop", "works": False, "words": "The upstream refuses the key (401)."}
    ]
