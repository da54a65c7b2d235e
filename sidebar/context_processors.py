"""What every page's frame shows."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from sidebar import preferences
from sidebar.modules import AREAS, Module
from sidebar.tabs import GROUPS, TABS

SETTINGS = "/settings/"
LOCAL = {"localhost", "127.0.0.1", "::1"}
SHORT = {"en": "EN", "zh-hans": "中文"}
DOCUMENT_LANGUAGE = {"zh-hans": "zh-Hans"}  # BCP 47 writes the script in title case


def shell(request: HttpRequest) -> dict[str, object]:
    """Return areas, theme, languages, host and version. Asks nothing of the database."""
    language = get_language() or settings.LANGUAGE_CODE
    parts = urlsplit(settings.BASE_URL)
    user = getattr(request, "user", None)  # a request refused before authentication has none
    theme = preferences.theme_of(user, request.COOKIES)
    return {
        "areas": _areas(request.path),
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


def _areas(path: str) -> list[dict[str, object]]:
    return [{"name": area.name, "links": [_link(module, path) for module in area.modules]} for area in AREAS]


def _link(module: Module, path: str) -> dict[str, object]:
    return {
        "name": module.name,
        "icon": module.icon,
        "url": reverse(module.url_name),
        "current": path.startswith(module.root) or (module.root == SETTINGS and any(tab.leads(path) for tab in TABS)),
    }


def _pressed(pressed: bool) -> str:  # noqa: FBT001 (an aria attribute is a word)
    return "true" if pressed else "false"
