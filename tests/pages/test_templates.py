"""House rules of templates, stylesheets and scripts, read from the files themselves."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from lucide.templatetags.lucide import lucide

from common.templatetags.ui import icon
from sidebar.modules import MODULES
from sidebar.preferences import THEMES

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = [
    path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in {".venv", "tests", "var", "bench"}
]
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style block": re.compile(r"<style\b", re.IGNORECASE),
    "a script block": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b"),
    "hx-vals with script": re.compile(r"hx-(vals|headers)\s*=\s*['\"]js:"),
    "a trigger filter": re.compile(r"hx-trigger\s*=\s*\"[^\"]*\["),
    "|safe": re.compile(r"\|\s*safe\b"),
}
MAIL = ROOT / "templates" / "email"  # mail programs know no stylesheets


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if MAIL not in path.parents], ids=lambda path: str(path.relative_to(ROOT))
)
def test_template_has_nothing_inline(path):
    text = path.read_text()

    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_compiles(path):
    engines["django"].get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_fits_on_a_screen(path):
    assert len(path.read_text().splitlines()) <= 80


def icons() -> set[str]:
    """Return every icon named in a template or in Python."""
    drawn = re.compile(r"""{%\s*icon\s+["']([\w-]+)["']""")
    found = {name for path in TEMPLATES for name in drawn.findall(path.read_text())}
    found |= {name for path in PYTHON for name in re.findall(r"""\bicon\s*[=:]\s*["']([\w-]+)["']""", path.read_text())}
    return found | {module.icon for module in MODULES} | {theme.icon for theme in THEMES}


@pytest.mark.parametrize("name", sorted(icons()))
def test_icon_exists(name):
    assert "<svg" in lucide(name)
    assert icon(name).count("\n") == 0


@pytest.mark.parametrize("path", sorted((ROOT / "static/css").glob("*.css")), ids=lambda path: path.name)
def test_stylesheet_keeps_the_house_rules(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)

    assert "!important" not in text
    assert not re.search(r"(^|[\s,>+~])#[a-z][\w-]*\s*[{,.:]", text), "an id as a selector"
    assert "@import" not in text
    assert not re.findall(r"url\((?!\"\.\./fonts/)", text)


def test_every_color_is_a_token_or_has_both_themes():
    for path in sorted(
        set((ROOT / "static/css").glob("*.css")) - {ROOT / "static/css/admin.css"}
    ):  # Django's own names
        for line in path.read_text().splitlines():
            bare = re.sub(r"light-dark\((?:[^()]|\([^()]*\))*\)", "", line)
            found = re.findall(r"#[0-9a-f]{3,8}\b", bare)
            assert set(found) <= {"#fff", "#000", "#f2b134"}, f"{path.name}: {line}"


def test_fonts_carry_their_licences():
    fonts = sorted((ROOT / "static/fonts").glob("*.woff2"))

    assert fonts
    for font in fonts:
        licence = font.with_name(font.name.replace("-latin.woff2", "-LICENSE.txt"))
        assert "SIL OPEN FONT LICENSE" in licence.read_text().upper()


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").glob("*.js")), ids=lambda path: path.name)
def test_script_needs_no_eval_and_no_storage(path):
    text = path.read_text()

    for word in (
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "localStorage",
        "sessionStorage",
    ):
        assert word not in text
