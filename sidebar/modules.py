"""The registry of the sidebar: which pages there are, in which area, in what order."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Module:
    """A page of the sidebar. It is the current one on every path below `root`."""

    name: str | Promise
    url_name: str
    icon: str
    root: str


@dataclass(frozen=True, slots=True)
class Area:
    """A headed group of modules."""

    name: str | Promise
    modules: tuple[Module, ...]


AREAS = (
    Area(
        _("Dashboard"),
        (
            Module(_("Overview"), "overview", "layout-dashboard", "/overview/"),
            Module(_("API keys"), "keys", "key-round", "/keys/"),
            Module(_("Usage logs"), "usage_log", "scroll-text", "/logs/usage/"),
        ),
    ),
    Area(
        _("Personal"),
        (
            Module(_("Wallet"), "wallet", "wallet", "/wallet/"),
            Module(_("Settings"), "settings", "settings-2", "/settings/"),
        ),
    ),
)
MODULES = tuple(module for area in AREAS for module in area.modules)
