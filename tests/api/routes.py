"""Every path of the site, with something in the place of its arguments."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

FILLED = {"key": "abc:def", "uidb36": "1", "app_label": "accounts", "content_type_id": "1"}
CONVERTED = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
GROUPED = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()]|\([^()]*\))*\)")


def pages(number: int) -> list[str]:
    """Return the paths of everything but /api, /v1 and static files, with `number` where a row is named."""
    paths = _paths(get_resolver(), str(number))
    return sorted({path for path in paths if not path.startswith("/api/")})


def _paths(resolver: URLResolver, number: str, before: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = before + _filled(str(pattern.pattern), number)
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern, number, path)
        elif isinstance(pattern, URLPattern):
            yield path


def _filled(route: str, number: str) -> str:
    """Return a route with `number` for its numbers and words for its words."""
    route = GROUPED.sub(lambda found: FILLED.get(found["name"], "x"), route)
    route = route.replace("<path:object_id>", number)
    route = CONVERTED.sub(
        lambda found: number if found["converter"] == "int" else FILLED.get(found["name"], "x"), route
    )
    return route.removeprefix("^").removesuffix("\\Z").removesuffix("$").replace("\\", "").removesuffix("^")
