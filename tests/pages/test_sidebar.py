"""The registry of the sidebar."""

from typing import Any, cast

import pytest

from sidebar import checks
from sidebar.context_processors import shell
from sidebar.modules import MODULES, Module
from sidebar.tabs import TABS, Tab


def test_every_module_has_its_page():
    assert checks.modules_resolve() == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (Module("ghost", "Ghost", "ghost", "x", ("/ghost/",)), "sidebar.E001"),
        (Module("api_keys", "Keys", "keys", "x", ("/elsewhere/",)), "sidebar.E002"),
        (Module("api_keys", "Keys", "keys", "x", ("/keys/",), planned=True), "sidebar.E005"),
    ],
)
def test_module_without_its_page_is_an_error(monkeypatch, module, code):
    monkeypatch.setattr(checks, "MODULES", (module,))

    assert [error.id for error in checks.modules_resolve()] == [code]


@pytest.mark.django_db
@pytest.mark.parametrize("module", [module for module in MODULES if not module.planned], ids=lambda module: module.key)
def test_one_module_is_current_on_its_pages(rf, module):
    areas = cast(list[dict[str, Any]], shell(rf.get(module.roots[0] + "deeper/"))["areas"])

    assert [link["name"] for area in areas for link in area["links"] if link["current"]] == [module.name]


def test_every_tab_of_the_settings_has_its_page():
    assert checks.tabs_resolve() == []


@pytest.mark.parametrize(
    ("tab", "code"),
    [
        (Tab("Ghost", "ghost", ("/ghost/",)), "sidebar.E003"),
        (Tab("Keys", "keys", ("/elsewhere/",)), "sidebar.E004"),
    ],
)
def test_a_tab_without_its_page_is_an_error(monkeypatch, tab, code):
    monkeypatch.setattr(checks, "TABS", (tab,))

    assert [error.id for error in checks.tabs_resolve()] == [code]


@pytest.mark.django_db
@pytest.mark.parametrize(("tab", "root"), [(tab, root) for tab in TABS for root in tab.roots], ids=str)
def test_one_tab_and_the_settings_are_current_on_its_pages(rf, tab, root):
    shown = shell(rf.get(root + "deeper/"))
    groups = cast(list[dict[str, Any]], shown["settings_groups"])
    areas = cast(list[dict[str, Any]], shown["areas"])

    assert [link["tab"] for group in groups for link in group["tabs"] if link["current"]] == [tab]
    assert [link["url"] for area in areas for link in area["links"] if link["current"]] == ["/settings/"]
