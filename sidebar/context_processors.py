"""What every page's frame shows."""

import re
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from accounts.models import User
from sidebar import modules, preferences, services
from sidebar.http import GuardedRequest
from sidebar.modules import AREAS, SETTINGS, Module
from sidebar.tabs import GROUPS, TABS

LOCAL = {"localhost", "127.0.0.1", "::1"}
SHORT = {"en": "EN", "zh-hans": "中文"}
DOCUMENT_LANGUAGE = {"zh-hans": "zh-Hans"}  # BCP 47 writes the script in title case


class Closed:
    """The paths that the operator has turned off, for links: a path is `in` it where its page would answer 404."""

    def __init__(self, request: HttpRequest) -> None:
        """Ask for the policy when the first link does."""
        self._request = request

    def __contains__(self, path: str) -> bool:
        module = modules.of(path)
        return module is not None and module.key in _off(self._request)


def shell(request: HttpRequest) -> dict[str, object]:
    """Return areas, theme, languages, host and version. The database is asked only where areas are shown."""
    language = get_language() or settings.LANGUAGE_CODE
    parts = urlsplit(settings.BASE_URL)
    user = getattr(request, "user", None)  # a request refused before authentication has none
    theme = preferences.theme_of(user, request.COOKIES)
    return {
        "areas": SimpleLazyObject(lambda: _areas(request, user)),
        "closed": Closed(request),
        "host": parts.netloc,
        "initials": initials(user.get_username()) if user else "",
        "insecure": not settings.HTTPS and parts.hostname not in LOCAL,
        "lang": DOCUMENT_LANGUAGE.get(language, language),
        "languages": [
            {"code": code, "name": name, "short": SHORT.get(code, name), "pressed": _pressed(code == language)}
            for code, name in settings.LANGUAGES
        ],
        "settings_groups": [
            {"name": group.name, "tabs": [{"tab": tab, "current": tab.leads(request.path)} for tab in group.tabs]}
            for group in GROUPS
        ],
        "theme": theme,
        "themes": [
            {
                "value": choice.value,
                "name": choice.name,
                "icon": choice.icon,
                "pressed": _pressed(choice.value == theme),
            }
            for choice in preferences.THEMES
        ],
        "version": settings.VERSION,
    }


def initials(username: str) -> str:
    """Return one or two letters that stand for a name ("mei.lin" -> "ML", "mei" -> "ME")."""
    words = re.findall(r"[^\W_]+", username)
    letters = words[0][0] + words[1][0] if len(words) > 1 else username[:2]
    return letters.upper()


def _areas(request: HttpRequest, user: User | None) -> list[dict[str, object]]:
    """Return what an account is shown, area by area; an area without modules is left out."""
    hides = services.hidden(user) if user and user.is_authenticated else frozenset[str]()
    seats = [seat for seat in services.seats(hides, _off(request)) if seat.shown]
    areas = [(area, [seat.module for seat in seats if seat.area == area]) for area in AREAS]
    return [{"name": area.name, "links": [_link(one, request.path) for one in shown]} for area, shown in areas if shown]


def _off(request: HttpRequest) -> frozenset[str]:
    """Return what is off; on most pages the guard has asked already."""
    guarded = cast(GuardedRequest, request)
    if not hasattr(guarded, "modules_off"):
        guarded.modules_off = services.off()
    return guarded.modules_off


def _link(module: Module, path: str) -> dict[str, object]:
    in_settings = module.key == SETTINGS and any(tab.leads(path) for tab in TABS)
    return {
        "key": module.key,
        "name": module.name,
        "icon": module.icon,
        "url": reverse(module.url_name),
        "current": module.owns(path) or in_settings,
    }


def _pressed(pressed: bool) -> str:  # noqa: FBT001 (an aria attribute is a word)
    return "true" if pressed else "false"
