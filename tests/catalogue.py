"""The Chinese catalogue: which texts the product has, and which of them are translated.

`python -m tests.catalogue` brings the .po file in step with the code and compiles it; it needs no gettext tools.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
MO = PO.with_suffix(".mo")
OURS = [*(path.parent for path in sorted(ROOT.glob("*/apps.py"))), ROOT / "config"]
SINGULAR = {"gettext", "gettext_lazy", "gettext_noop", "_"}
PLURAL = {"ngettext", "ngettext_lazy"}
HEADER = {
    "Project-Id-Version": "Tollgate",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
TEXT = r"""u?(?P<{}>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(?P<verb>n?gettext|_)\(\s*{TEXT.format('one')}(?:\s*,\s*{TEXT.format('many')})?", re.DOTALL)


@dataclass(slots=True)
class Message:
    """A text, its plural if it has one, and the files that say it."""

    plural: str = ""
    places: set[str] = field(default_factory=set)


def messages() -> dict[str, Message]:
    """Return every text of the product that is to be translated."""
    found: dict[str, Message] = {}
    for path in sorted(path for room in OURS for path in room.rglob("*.py") if "migrations" not in path.parts):
        _collect(found, path, _in_python(path.read_text()))
    for path in sorted(path for kind in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{kind}")):
        _collect(found, path, _in_template(path.read_text()))
    return found


def _collect(found: dict[str, Message], path: Path, texts: Iterator[tuple[str, str]]) -> None:
    for text, plural in texts:
        message = found.setdefault(text, Message())
        message.plural = message.plural or plural
        message.places.add(str(path.relative_to(ROOT)))


def _in_python(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        constants = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        texts = [text for text in constants if isinstance(text, str)]
        if name in SINGULAR and texts:
            yield texts[0], ""
        elif name in PLURAL and len(texts) > 1:
            yield texts[0], texts[1]


def _in_template(source: str) -> Iterator[tuple[str, str]]:
    for call in CALL.finditer(templatize(source)):
        plural = ast.literal_eval(call["many"]) if call["verb"] == "ngettext" else ""
        yield ast.literal_eval(call["one"]), plural


def load() -> polib.POFile:
    """Return the committed catalogue."""
    return polib.pofile(str(PO), wrapwidth=110)


def untranslated(catalogue: polib.POFile) -> list[str]:
    """Return the texts that the catalogue leaves in English."""
    known = {entry.msgid for entry in catalogue if entry.msgstr or (entry.msgstr_plural or {}).get(0)}
    return sorted(set(messages()) - known)


def update() -> list[str]:
    """Write both files in step with the code, in the order of the texts; return what is still to be translated."""
    old = {entry.msgid: entry for entry in load()} if PO.exists() else {}
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = HEADER
    for text, message in sorted(messages().items()):
        said = old.get(text)
        entry = polib.POEntry(msgid=text, occurrences=[(place, "") for place in sorted(message.places)])
        entry.flags = ["python-format"] if "%(" in text else []
        before = (said.msgstr or (said.msgstr_plural or {}).get(0, "")) if said else ""
        if message.plural:
            entry.msgid_plural, entry.msgstr_plural = message.plural, {0: before}
        else:
            entry.msgstr = before
        catalogue.append(entry)
    catalogue.save(str(PO))
    catalogue.save_as_mofile(str(MO))
    return untranslated(catalogue)


if __name__ == "__main__":
    missing = update()
    sys.stdout.write("".join(f"{text!r}\n" for text in missing) + f"{len(missing)} texts to translate in {PO}\n")
