"""What the sidebar names by string has to exist."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.forms.models import model_to_dict
from django.urls import NoReverseMatch, reverse

from sidebar.models import SidebarPolicy
from sidebar.modules import AREAS, MODULES, SETTINGS
from sidebar.tabs import TABS


def modules_resolve(**_: Any) -> list[CheckMessage]:
    """Return an error for each module whose page is missing or lies outside its root."""
    errors: list[CheckMessage] = []
    for module in MODULES:
        try:
            url = reverse(module.url_name)
        except NoReverseMatch:
            if module.planned:
                continue
            errors.append(
                Error(f"The sidebar names the page {module.url_name!r}, which does not exist.", id="sidebar.E001")
            )
            continue
        if not module.owns(url):
            errors.append(
                Error(f"The page {module.url_name!r} lies at {url}, below none of its roots.", id="sidebar.E002")
            )
        if module.planned:
            errors.append(Error(f"{module.key!r} has its page: it is not planned any more.", id="sidebar.E005"))
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


def policy_complete(**_: Any) -> list[CheckMessage]:
    """Return an error unless the policy has a switch for each module but the settings, and names are used once."""
    names = [*(area.key for area in AREAS), *(module.key for module in MODULES)]
    errors: list[CheckMessage] = [
        Error(f"Two areas or modules are called {name!r}.", id="sidebar.E006")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    switches = set(model_to_dict(SidebarPolicy(), exclude=["id"]))
    odd = sorted(switches ^ ({module.key for module in MODULES} - {SETTINGS}))
    return errors + [
        Error(f"{name!r} is a module or a switch of the policy, not both.", id="sidebar.E007") for name in odd
    ]
