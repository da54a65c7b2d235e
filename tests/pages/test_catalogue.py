"""The Chinese catalogue: complete, compiled, and true to the placeholders of the texts."""

import re

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests import catalogue

PO = catalogue.load()
MARKS = re.compile(r"%\(\w+\)[sd]|%%|<[^>]+>|\{\w+\}")


def translated(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural[0] if entry.msgid_plural else entry.msgstr)


def test_every_text_is_translated():
    assert catalogue.untranslated(PO) == []


def test_catalogue_has_nothing_that_nobody_says():
    assert {entry.msgid for entry in PO} == set(catalogue.messages())


def test_compiled_catalogue_is_in_step():
    compiled = {entry.msgid: translated(entry) for entry in polib.mofile(str(catalogue.MO))}

    assert compiled == {entry.msgid: translated(entry) for entry in PO}


@pytest.mark.parametrize("entry", PO, ids=lambda entry: entry.msgid[:40])
def test_translation_keeps_every_placeholder(entry):
    texts = {text for text in (entry.msgid, entry.msgid_plural) if text}

    assert any(sorted(MARKS.findall(translated(entry))) == sorted(MARKS.findall(text)) for text in texts)
    assert "fuzzy" not in entry.flags


def test_catalogue_is_used():
    with translation.override("zh-hans"):
        assert gettext("API keys") == "API 密钥"


def test_texts_are_found_in_templates():
    template = """{% load i18n %}{% translate "It's" %}
        {% blocktranslate count n=n %}{{ n }} a{% plural %}{{ n }} b{% endblocktranslate %}"""

    assert list(catalogue._in_template(template)) == [("It's", ""), ("%(n)s a", "%(n)s b")]


def test_texts_are_found_in_python():
    source = 'gettext("One"); ngettext("%(n)s x", "%(n)s y", 2); other("No")'

    assert list(catalogue._in_python(source)) == [("One", ""), ("%(n)s x", "%(n)s y")]
