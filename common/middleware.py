"""Headers that every page carries, and the cookies that /api does not read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from common import api
from common.headers import PERMISSIONS


class PrivatePages:
    """Keep pages out of caches, and take away browser features that no page uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Permissions-Policy", PERMISSIONS)
        return response


class NoTrace:
    """Answer TRACE with 405 whatever the page would do with it: nobody needs to see what a proxy adds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "TRACE" and not request.path.startswith(api.PREFIX):  # which names its own methods
            return HttpResponseNotAllowed(["GET", "HEAD", "POST", "OPTIONS"])
        return self.get_response(request)


class NoCookies:
    """Under /api nothing counts that a browser sends by itself: a session opens nothing there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(api.PREFIX) and request.path_info != api.DOCS:
            request.META.pop("HTTP_COOKIE", None)  # before anybody has read it
        return self.get_response(request)
