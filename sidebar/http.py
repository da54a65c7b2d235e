"""What the guard adds to a request."""

from django.http import HttpRequest


class GuardedRequest(HttpRequest):
    """A request for a page of a module; the frame around it asks for what is off no second time."""

    modules_off: frozenset[str]
