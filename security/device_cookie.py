"""The middleware that sends the cookie by which a browser is known again."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from security import devices


class DeviceCookie:
    """Let a browser be known again after somebody has signed in with it, by whichever way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        devices.remember(request, response)
        return response
