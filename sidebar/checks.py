"""What the sidebar names by string has to exist."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse

from sidebar.modules import MODULES
from sidebar.tabs import TABS


def modules_resolve(**_: Any) -> list[CheckMessage]:
    """Return an error for each module whose page is missing or lies outside its root."""
    errors: list[CheckMessage] = []
    for module in MODULES:
        try:
            url = reverse(module.url_name)
        except NoReverseMatch:
            errors.append(
                Error(f"The sidebar names the page {module.url_name!r}, which does not exist.", id="sidebar.E001")
            )
            continue
        if not url.startswith(module.root):
            errors.append(
                Error(f"The page {module.url_name!r} lies at {url}, not below {module.root}.", id="sidebar.E002")
            )
    return errors


def tabs_resolve(**_: Any) -> list[CheckMessage]:
    """Return an error for each page of the settings that is missing or lies outside its roots."""
    errors: list[CheckMessage] = []
    for tab in TABS:
        try:
            url = reverse(tab.url_name)
        except NoReverseMatch:
            errors.append(
                Error(f"The settings name the page {tab.url_name!r}, which does not exist.", id="sidebar.E003")
            )
            continue
        if not tab.leads(url):
            errors.append(
                Error(f"The page {tab.url_name!r} lies at {url}, below none of its roots.", id="sidebar.E004")
            )
    return errors
