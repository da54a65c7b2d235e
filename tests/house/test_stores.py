"""`make test` on machines of every kind."""

import os
import subprocess
import sys

import pytest

from tests import stores


@pytest.fixture
def no_postgres(monkeypatch):
    monkeypatch.setattr(stores, "postgres", lambda: None)


def test_a_missing_postgres_is_said_and_left_out(no_postgres, monkeypatch, capsys):
    monkeypatch.delenv("CI", raising=False)
    assert [store for store, _ in stores.stores()] == ["SQLite"]
    assert "PostgreSQL is left out: no server answers" in capsys.readouterr().out


def test_a_missing_postgres_fails_in_ci(no_postgres, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="a missing PostgreSQL is a failure"):
        list(stores.stores())


def test_each_store_has_its_own_environment(monkeypatch):
    monkeypatch.setattr(stores, "postgres", lambda: "postgres://here")
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere")
    seen = {store: environment.get("DATABASE_URL") for store, environment in stores.stores()}
    assert seen == {"SQLite": None, "PostgreSQL": "postgres://here"}


def test_a_server_that_does_not_answer_is_not_usable():
    assert not stores.usable("postgres://postgres@127.0.0.1:1/postgres")


def test_a_failure_is_told_last_and_by_the_status(monkeypatch, capsys):
    monkeypatch.setattr(stores, "stores", lambda: iter([("SQLite", {}), ("PostgreSQL", {})]))
    ends = {"SQLite": (1, "1 failed in 2.0s"), "PostgreSQL": (0, "9 passed in 3.0s")}
    monkeypatch.setattr(stores, "run", lambda store, *_: ends[store])
    assert stores.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 failed in 2.0s"


def test_arguments_that_select_nothing_are_a_failure(monkeypatch):
    monkeypatch.setattr(stores, "stores", lambda: iter([("SQLite", {})]))
    monkeypatch.setattr(stores, "run", lambda *_: (stores.NO_TESTS, "no tests ran in 0.1s"))
    assert stores.main(["-k", "nothing"]) == 1


def test_pytest_itself_is_run_and_its_closing_line_kept(tmp_path, capsys):
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    status, closing = stores.run("SQLite", environment, ["-n", "0", "-p", "no:cacheprovider", str(tmp_path)])
    assert status == 0
    assert "1 passed" in closing
    assert "1 passed" in capsys.readouterr().out


def test_module_runs_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores", "--version", "-n", "0"], capture_output=True, text=True, check=False
    )
    assert "pytest" in done.stdout
