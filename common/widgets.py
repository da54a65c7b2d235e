"""Controls of forms that Django writes slower than a page may take."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class LongSelect(forms.Select):
    """A select of hundreds of choices, written in one go: a template for each option costs more than all the rest."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the control as `Select` writes it, without groups of choices."""
        chosen = self.format_value(value)
        options = (
            (format_html(' value="{}"{}', option, " selected" if str(option) in chosen else ""), label)
            for option, label in self.choices
        )
        given = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", given, format_html_join("\n", "<option{}>{}</option>", options))
