"""The promises of docs/security.md and the tests that prove them.

`python -m tests.promises` puts the names of the marked tests into the page.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/security.md"
ROW = re.compile(
    r"^\| (?P<row>[A-N]\d+b?) \| (?P<text>.+?) \| (?P<status>met|partly|open) \| (?P<tests>.*?) ?\|$", re.MULTILINE
)


def promises() -> dict[str, tuple[str, list[str]]]:
    """Return status and names of tests by requirement, as the page has them."""
    rows = ROW.finditer(PAGE.read_text())
    return {row["row"]: (row["status"], re.findall(r"`(test_\w+)`", row["tests"])) for row in rows}


def proofs() -> dict[str, set[str]]:
    """Return the names of the tests that are marked as proof, by requirement."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        whole = {row for node in tree.body if _assigns_pytestmark(node) for row in _rows(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for row in whole | {row for decorator in node.decorator_list for row in _rows(decorator)}:
                    found.setdefault(row, set()).add(node.name)
    return found


def _assigns_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def _rows(node: ast.AST) -> list[str]:
    """Return the requirements that `pytest.mark.req(...)` names anywhere in `node`."""
    return [
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.req"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def rewrite() -> None:
    """Put the marked tests into the page. A status is a person's word and stays as it is."""
    marked = proofs()

    def row(match: re.Match[str]) -> str:
        tests = ", ".join(f"`{test}`" for test in sorted(marked.get(match["row"], ())))
        return f"| {match['row']} | {match['text']} | {match['status']} | {tests} |"

    PAGE.write_text(ROW.sub(row, PAGE.read_text()))


if __name__ == "__main__":
    rewrite()
    sys.exit(0)
