"""The shape of the house: what a reader may rely on in every file."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.promises import promises, proofs

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    *("config", "console", "gateway", "security", "notifications", "pricing", "privacy", "sidebar", "usage", "wallet"),
    *("accounts", "common"),
}
LONGEST = 250  # lines; a few more are let through, a third of a page is not
HARD = 300


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository, new ones included, ignored ones left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def product() -> list[Path]:
    """Return the Python of the product itself, migrations left out."""
    return [
        path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in ROOMS and "migrations" not in path.parts
    ]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_a_reader_can_hold():
    sizes = {
        name(path): len(path.read_text().splitlines()) for path in tracked("*.py") if "migrations" not in path.parts
    }
    assert {file: lines for file, lines in sizes.items() if lines > HARD} == {}
    assert {file: lines for file, lines in sizes.items() if lines > LONGEST and not file.startswith("tests/")} == {}


def test_templates_stay_short():
    assert {name(path) for path in tracked("*.html") if len(path.read_text().splitlines()) > 120} == set()


def test_every_module_says_what_it_is_for():
    silent = [
        name(path)
        for path in product()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_imports_stand_at_the_top():
    hidden = []
    for path in product():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                hidden += [
                    f"{name(path)}:{inner.lineno}"
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                ]
    assert hidden == []


def test_nothing_is_left_to_do():
    mark = re.compile("TO" + "DO|FIX" + "ME|X" + "XX|NotImplemented" + "Error")
    found = [
        f"{name(path)}:{number}"
        for path in tracked("*.py", "*.html", "*.js", "*.css", "*.md", ".ci/*", "Makefile")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if mark.search(line)
    ]
    assert found == []


def test_no_signals_and_no_save_overrides():
    found = [
        f"{name(path)}: {word}"
        for path in product()
        for word in ("django.db.models.signals", "@receiver(", "def save(self")
        if word in path.read_text() and "forms.py" not in path.name
    ]
    assert found == []


def test_import_contracts_are_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def ours() -> list[str]:
    return sorted(command for command, app in get_commands().items() if app in ROOMS)


def test_the_commands_of_this_version_are_all_there():
    expected = {
        "quickstart",
        "worker",
        "doctor",
        "demo",
        "user",
        "group",
        "key",
        "token",
        "channel",
        "price",
        "wallet",
        "calls",
        "secrets",
        "notify",
    }
    assert expected <= set(ours())


@pytest.mark.parametrize("command", ours())
def test_every_command_explains_itself(command, capsys):
    loaded = load_command_class(get_commands()[command], command)
    with pytest.raises(SystemExit) as ended:
        loaded.run_from_argv(["manage.py", command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "Usage" in shown
    assert loaded.help, "a command says in one sentence what it does"


@pytest.mark.parametrize("command", ours())
def test_every_command_ends_with_2_where_it_is_asked_wrongly(command, capsys):
    loaded = load_command_class(get_commands()[command], command)
    with pytest.raises(SystemExit) as ended:
        loaded.run_from_argv(["manage.py", command, "--no-such-option"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip()


def test_every_dependency_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    section = text.split("dependencies = [", 1)[1].split("\n]", 1)[0]
    bare = [line.strip() for line in section.splitlines() if line.strip().startswith('"') and "#" not in line]
    assert bare == []


def test_every_ruff_exception_has_its_reason():
    ignored = (ROOT / "pyproject.toml").read_text().split("\nignore = [", 1)[1].split("\n]", 1)[0]
    assert [line for line in ignored.splitlines() if line.strip() and "#" not in line] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-e2e.txt"])
def test_requirements_are_pinned_by_hash_and_name_no_index(file):
    text = (ROOT / file).read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry and not entry.startswith("#")]
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text)


def test_every_dependency_is_pinned():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    pinned = (ROOT / "requirements.txt").read_text()
    names = [re.split(r"[\[=<>]", item)[0] for item in wanted]
    assert [package for package in names if not re.search(rf"(?m)^{package}(\[.*\])?==", pinned)] == []


def test_the_product_imports_only_what_it_declares():
    pinned = set(re.findall(r"(?m)^([\w.-]+)", (ROOT / "requirements.txt").read_text()))
    owners = packages_distributions()
    imported = {
        module.split(".")[0]
        for path in product()
        for node in ast.walk(ast.parse(path.read_text()))
        for module in _modules(node)
    }
    foreign = imported - ROOMS - sys.stdlib_module_names
    names = {module: {owner.lower() for owner in owners.get(module, [])} for module in foreign}
    assert {module for module, owner in names.items() if not owner & pinned} == set()


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_the_version_is_told_once(settings):
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == settings.VERSION


# --- promises: docs/security.md lists each requirement with the tests that prove it
def test_every_proof_is_listed_under_its_requirement():
    listed = {row: set(tests) for row, (_, tests) in promises().items()}
    stray = {(row, test) for row, tests in proofs().items() for test in tests if test not in listed.get(row, set())}
    assert stray == set(), "run: python -m tests.promises"


def test_every_test_that_security_md_names_exists():
    marked = proofs()
    gone = {
        (row, test) for row, (_, tests) in promises().items() for test in tests if test not in marked.get(row, set())
    }
    assert gone == set(), "run: python -m tests.promises"


def test_what_is_called_met_has_a_proof():
    assert {row for row, (status, tests) in promises().items() if status != "open" and not tests} == set()
