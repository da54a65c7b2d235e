"""`manage.py price`: USD in, USD out, and statuses that scripts can rely on."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pricing import prices
from pricing.models import Price

USD = 10**9


def run(*args: str) -> str:
    """Return what the command prints. Raises CommandError with its status."""
    out = StringIO()
    call_command("price", *args, stdout=out)
    return out.getvalue()


def test_set_stores_usd_per_million_exactly(db):
    said = run("set", "m", "--input", "2.5", "--output", "10", "--cached-input", "0.003625")
    row = Price.objects.get()
    assert (row.input, row.output, row.cached_input, row.source) == (5 * USD // 2, 10 * USD, 3_625_000, "operator")
    assert said.strip() == "m: $2.50 in, $10.00 out per million tokens"


def test_set_takes_every_option(db):
    options = ["cache-write", "reasoning", "per-call", "per-image", "per-second"]
    given = [part for number, name in enumerate(options, start=3) for part in (f"--{name}", str(number))]
    run("set", "m", "--channel", "c", "--input", "1", "--output", "2", *given, "--context", "9", "--max-output", "8")
    row = Price.objects.get()
    found = [row.cache_write, row.reasoning, row.per_call, row.per_image, row.per_second]
    assert found == [number * USD for number in range(3, 8)]
    assert (row.channel, row.input, row.output, row.context, row.max_output) == ("c", USD, 2 * USD, 9, 8)


def test_set_free_says_so(db):
    assert run("set", "m", "--channel", "c", "--free").strip() == "m (c): free"
    assert Price.objects.get().state == "free"


def test_set_prints_json(db):
    found = json.loads(run("set", "m", "--input", "1", "--output", "2", "--json"))
    assert (found["model"], found["state"], found["input_usd"], found["output_usd"]) == ("m", "priced", "1.00", "2.00")
    assert (found["cached_input_usd"], found["superseded_at"], found["source"]) == (None, None, "operator")


@pytest.mark.parametrize(
    "args",
    [
        ["set"],
        ["set", "m"],
        ["set", "m", "--input", "1"],
        ["set", "m", "--output", "1"],
        ["set", "m", "--free", "--input", "1"],
        ["set", "m", "--free", "--per-call", "1"],
        ["set", "m", "--input", "cheap", "--output", "1"],
        ["set", "m", "--input", "NaN", "--output", "1"],
        ["set", "m", "--input", "1e-12", "--output", "1"],
        ["set", "m", "--input", "1", "--output", "1", "--context", "many"],
        ["raise", "m"],
    ],
)
def test_what_cannot_be_understood_changes_nothing(db, args):
    with pytest.raises(CommandError):
        run(*args)
    assert not Price.objects.exists()


@pytest.mark.parametrize(
    "args",
    [
        ["m", "--input", "-1", "--output", "1"],
        ["m", "--input", "0", "--output", "0"],
        ["m", "--input", "1000001", "--output", "1"],
        ["m", "--input", "1", "--output", "1", "--context", "0"],
        [" ", "--input", "1", "--output", "1"],
        ["", "--free"],
    ],
)
def test_what_cannot_be_a_price_ends_with_status_1_and_a_sentence(db, args, capsys):
    with pytest.raises(CommandError) as caught:
        run("set", *args)
    assert caught.value.returncode == 1
    assert capsys.readouterr().err.strip().endswith(".")
    assert not Price.objects.exists()


@pytest.fixture
def several(db):
    """A catalogue's price, a superseded one, a free one, one with tiers on a channel."""
    prices.offer([prices.draft("alpha", source="list 1", input=USD, output=2 * USD)])
    prices.set_price("beta", input=1, output=2)
    prices.set_price("beta", input=3 * USD, output=4 * USD, per_call=USD // 100)
    prices.set_free("gamma", context=100)
    prices.set_price("alpha-2", "c", input=5, output=6, tiers=[{"above": 10, "input": 7}])


def test_list_shows_what_holds_now(several):
    lines = run("list").splitlines()
    assert [line.split()[0] for line in lines] == ["MODEL", "alpha", "alpha-2", "beta", "gamma"]
    assert lines[1].split() == ["alpha", "1.00", "2.00", "list", "1"]
    assert lines[2].split()[:4] == ["alpha-2", "(c)", "0.000000005", "0.000000006"]
    assert lines[3].split() == ["beta", "3.00", "4.00", "0.01", "operator"]
    assert lines[4].split() == ["gamma", "free", "operator"]


def test_list_narrows_by_name_and_channel(several):
    assert [row["model"] for row in json.loads(run("list", "ALPHA", "--json"))] == ["alpha", "alpha-2"]
    assert [row["model"] for row in json.loads(run("list", "--channel", "c", "--json"))] == ["alpha-2"]


def test_list_shows_the_history(several):
    rows = json.loads(run("list", "beta", "--history", "--json"))
    assert [(row["input_usd"], row["superseded_at"] is None) for row in rows] == [
        ("0.000000001", False),
        ("3.00", True),
    ]
    assert "until 20" in run("list", "beta", "--history")


def test_list_prints_tiers_in_usd(several):
    (row,) = json.loads(run("list", "alpha-2", "--json"))
    assert row["tiers"] == [{"above": 10, "input_usd": "0.000000007"}]


def test_list_of_nothing_says_how_to_set_a_price(db, capsys):
    assert run("list") == ""
    assert "price set MODEL" in capsys.readouterr().err
    assert json.loads(run("list", "--json")) == []


@pytest.mark.parametrize(
    ("args", "status", "words"),
    [
        (["set", "m", "--input", "1"], 2, "Give --input and --output, or --free alone. Try --help."),
        (["set", "m", "--unknown"], 2, "No such option: --unknown"),
        (["list"], 1, "The database cannot be used"),
        (["list", "--help"], 0, ""),
    ],
)
def test_statuses_are_0_1_and_2_without_a_trace(tmp_path, args, status, words):
    env = os.environ | {"TOLLGATE_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    env["DATABASE_URL"] = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    command = [sys.executable, "-W", "ignore", "manage.py", "price", *args]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
