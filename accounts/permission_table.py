"""Permissions as a table of checkboxes: a row for each kind of record, a column for each thing to do with it."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth.models import Permission
from django.forms.renderers import BaseRenderer, TemplatesSetting
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

VERBS = {"view": _("View"), "add": _("Add"), "change": _("Change"), "delete": _("Delete")}
Option = dict[str, Any]


class PermissionTable(forms.CheckboxSelectMultiple):
    """Works without scripts and says in the reader's language what Django's own names say in English."""

    template_name = "admin/accounts/user/permissions.html"

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the table."""
        return super().render(name, value, attrs, TemplatesSetting())

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the table's columns (verb and its name) and rows (name, verb and option or None in cells, others)."""
        context = super().get_context(name, value, attrs)
        options = [option for _group, group, _index in context["widget"]["optgroups"] for option in group]
        return {**context, "verbs": list(VERBS.items()), "rows": _rows(options)}


def _rows(options: Iterable[Option]) -> list[dict[str, Any]]:
    """Return a row for each kind of record, in alphabetical order."""
    kinds: dict[int, tuple[str, dict[str, Option]]] = {}
    for option in options:
        permission = cast(Permission, option["value"].instance)
        kind = permission.content_type
        model = kind.model_class()
        name = capfirst(str(model._meta.verbose_name_plural)) if model else kind.model  # noqa: SLF001 (Django's own door)
        verb = permission.codename.removesuffix(f"_{kind.model}")
        kinds.setdefault(kind.pk, (name, {}))[1][verb] = {**option, "name": permission.name}
    rows = [
        {
            "name": name,
            "cells": [(verb, known.get(verb)) for verb in VERBS],
            "others": [option for verb, option in known.items() if verb not in VERBS],
        }
        for name, known in kinds.values()
    ]
    return sorted(rows, key=lambda row: str(row["name"]))
