"""The route guard: what the operator has turned off does not exist."""

from collections.abc import Callable
from typing import cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.models import User
from common import api
from sidebar import modules, services
from sidebar.http import GuardedRequest

FOUND = 302


class ModuleGuard:
    """Answer 404 for pages and calls of /api whose module is off; lead on who is sent to the overview where it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for header in ("Location", "HX-Redirect"):
            if response.headers.get(header) == reverse("overview") and "overview" in services.off():
                response[header] = reverse(services.start(_user(request)).url_name)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Return None where the page may be seen. Raises Http404."""
        module = modules.of(request.path_info)
        if module is None or module.key == modules.SETTINGS:
            return None
        off = cast(GuardedRequest, request).modules_off = services.off()
        if module.key not in off:
            return None
        if request.path_info.startswith(api.PREFIX):
            return api.stamped(api.NotFound().answer())
        raise Http404


def _user(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None
