"""The registry of the sidebar: which modules there are, in which area, in what order, and what belongs to each."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Module:
    """A page of the sidebar. Every path below one of its `roots` is its own; the first one is where it lies.

    `key` is its name in policies, in what an account hides and under /api. A `planned` one has no page yet. `needs`
    names what some channel must offer an account before the module has anything to show.
    """

    key: str
    name: str | Promise
    url_name: str
    icon: str
    roots: tuple[str, ...]
    planned: bool = False
    needs: str = ""

    def owns(self, path: str) -> bool:
        """Return whether a page or a call of /api belongs to this module."""
        return any(path.startswith(root) if root.endswith("/") else _at(path, root) for root in self.roots)


@dataclass(frozen=True, slots=True)
class Area:
    """A headed group of modules."""

    key: str
    name: str | Promise
    modules: tuple[Module, ...]


IMAGES, VIDEOS = "per_image", "per_second"  # what a price must have for a channel to offer them
SETTINGS = "settings"  # can neither be hidden nor turned off

AREAS = (
    Area(
        "chat",
        _("Chat"),
        (Module("playground", _("Playground"), "playground", "messages-square", ("/playground/",), planned=True),),
    ),
    Area(
        "dashboard",
        _("Dashboard"),
        (
            Module("overview", _("Overview"), "overview", "layout-dashboard", ("/overview/",)),
            Module("api_keys", _("API keys"), "keys", "key-round", ("/keys/", "/models/", "/api/keys", "/api/models")),
            Module("usage_logs", _("Usage logs"), "usage_log", "scroll-text", ("/logs/usage/", "/api/usage")),
            Module(
                *("drawing_logs", _("Drawing logs"), "drawing_log", "image", ("/logs/drawing/", "/api/drawings")),
                planned=True,
                needs=IMAGES,
            ),
            Module(
                *("task_logs", _("Task logs"), "task_log", "list-todo", ("/logs/tasks/", "/api/tasks")),
                planned=True,
                needs=VIDEOS,
            ),
        ),
    ),
    Area(
        "personal",
        _("Personal"),
        (
            Module("wallet", _("Wallet"), "wallet", "wallet", ("/wallet/", "/api/wallet")),
            Module(
                SETTINGS,
                _("Settings"),
                "settings",
                "settings-2",
                ("/settings/", "/api/settings", "/api/deliveries"),
            ),
        ),
    ),
)
MODULES = tuple(module for area in AREAS for module in area.modules)
NAMES = frozenset({area.key for area in AREAS} | {module.key for module in MODULES})


def of(path: str) -> Module | None:
    """Return the module that a path belongs to, None where it is part of none."""
    return next((module for module in MODULES if module.owns(path)), None)


def _at(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")
