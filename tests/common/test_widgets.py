"""Our controls say what Django's say."""

import re

import pytest
from django import forms

from common.widgets import LongSelect

CHOICES = [("", "UTC"), ("Asia/Hong_Kong", "Asia/Hong_Kong"), ('"><script>', "<b>bold</b>"), (7, "seven")]


def options(widget: forms.Select, value: object) -> list[tuple[str, str, str]]:
    text = widget.render("zone", value, {"id": "id_zone", "aria-invalid": "true"})
    head = text[: text.index(">")]
    assert all(part in head for part in ("<select", 'name="zone"', 'id="id_zone"', 'aria-invalid="true"'))
    return re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', text)


@pytest.mark.parametrize("value", [None, "", "Asia/Hong_Kong", '"><script>', 7, "7", "nowhere"])
def test_a_long_select_is_what_django_would_write(value):
    assert options(LongSelect(choices=CHOICES), value) == options(forms.Select(choices=CHOICES), value)


def test_what_is_not_safe_is_escaped():
    text = LongSelect(choices=CHOICES).render("zone", "")
    assert "<script>" not in text
    assert "<b>" not in text
